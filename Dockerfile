# Built from the lock alone. The embedded servers stay out: a container gets REDIS_URL and DATABASE_URL.
FROM python:3.11-slim AS build
WORKDIR /build
RUN ["pip", "install", "--no-cache-dir", "uv"]
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON=/usr/local/bin/python3.11 UV_PROJECT_ENVIRONMENT=/app
# Dependencies first: they change less often than the code, so that this layer is mostly there already.
COPY pyproject.toml uv.lock ./
RUN ["uv", "sync", "--locked", "--no-dev", "--no-install-project"]
COPY LICENSE README.md ./
COPY handlers handlers
COPY http http
COPY projections projections
COPY readmodel readmodel
RUN ["uv", "sync", "--locked", "--no-dev", "--no-editable"]

FROM python:3.11-slim
RUN ["useradd", "--system", "--uid", "10001", "--no-create-home", "readmodel"]
RUN ["install", "--directory", "--owner=readmodel", "--mode=0700", "/data"]
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    EMBEDDED=never \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8080
USER 10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["readmodel", "status", "--json"]
ENTRYPOINT ["readmodel"]
CMD ["serve"]
