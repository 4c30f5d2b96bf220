"""What the demo's stores sell: categories, brands and articles, all made up. Data only; see `catalogue`."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Item:
    """A kind of article. `cents` is its price at the start, on average over its variants and brands; sold by
    weight where the unit is lb. `variants` become part of the name."""

    name: str
    size: str
    unit: str
    cents: int
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """`inflation` is a year's rise (0.04 = 4 %); prices swing by `season` (0.1 = 10 %) about their trend and
    are highest on day `peak` of the year; `tax` is the sales tax (0.07 = 7 %)."""

    name: str
    inflation: float
    season: float
    peak: int
    tax: float
    brands: tuple[str, ...]
    items: tuple[Item, ...]


def _item(name: str, size: str, cents: int, variants: str) -> Item:
    amount, unit = size.split(maxsplit=1)
    return Item(name, amount, unit, cents, tuple(variants.split("|")))


CATEGORIES: Final = (
    Category(
        "Dairy & Eggs", 0.045, 0.02, 20, 0, ("Fernhollow", "Old Pasture", "Milkwright", "Cloverbell"), (
            _item("Milk", "64 oz", 349, "Whole|2% Reduced Fat|Skim|Lactose Free|Organic Whole"),
            _item("Eggs", "12 ct", 379, "Large White|Large Brown|Free Range"),
            _item("Butter", "16 oz", 529, "Salted|Unsalted|Cultured"),
            _item("Yogurt", "32 oz", 499, "Plain Greek|Vanilla|Strawberry"),
            _item("Cheddar", "8 oz", 429, "Mild|Sharp|Extra Sharp"),
            _item("Cream Cheese", "8 oz", 299, "Original|Chive|Light"),
            _item("Sour Cream", "16 oz", 279, "Regular|Light"),
        ),
    ),
    Category(
        "Bread & Bakery", 0.04, 0.01, 330, 0, ("Hearthstead", "Crumb & Co.", "Millrace", "Goldcrust"), (
            _item("Sandwich Bread", "20 oz", 349, "White|Whole Wheat|Honey Oat|Multigrain"),
            _item("Bagels", "20 oz", 429, "Plain|Everything|Cinnamon Raisin"),
            _item("Tortillas", "16 oz", 369, "Flour|Corn|Whole Wheat"),
            _item("English Muffins", "12 oz", 389, "Original|Sourdough"),
            _item("Dinner Rolls", "15 oz", 399, "Sweet|Potato"),
            _item("Croissants", "10 oz", 549, "Butter|Chocolate"),
        ),
    ),
    Category(
        "Fruit & Vegetables", 0.03, 0.14, 45, 0, ("Sunmeadow", "Greenlatch", "Orchard Lane", "Rootwell"), (
            _item("Apples", "1 lb", 189, "Gala|Fuji|Honeycrisp"),
            _item("Bananas", "1 lb", 69, "Ripe|Organic"),
            _item("Oranges", "1 lb", 149, "Navel|Blood"),
            _item("Strawberries", "16 oz", 429, "Fresh|Organic"),
            _item("Tomatoes", "1 lb", 239, "Roma|On the Vine|Cherry"),
            _item("Potatoes", "80 oz", 449, "Russet|Yukon Gold|Red"),
            _item("Onions", "48 oz", 329, "Yellow|Sweet"),
            _item("Salad", "5 oz", 399, "Baby Spinach|Spring Mix|Romaine"),
            _item("Carrots", "32 oz", 229, "Whole|Baby Cut"),
        ),
    ),
    Category(
        "Meat & Poultry", 0.06, 0.04, 185, 0, ("Stonebarn", "Prairie Gate", "Cleaver Yard", "Willowby"), (
            _item("Ground Beef", "1 lb", 549, "80% Lean|90% Lean|Grass Fed"),
            _item("Chicken Breast", "1 lb", 399, "Boneless|Bone-In|Organic"),
            _item("Chicken Thighs", "1 lb", 249, "Boneless|Bone-In"),
            _item("Pork Chops", "1 lb", 429, "Center Cut|Thin Cut"),
            _item("Bacon", "16 oz", 699, "Thick Cut|Hickory Smoked|Low Sodium"),
            _item("Sausage", "14 oz", 499, "Mild Italian|Hot Italian|Smoked"),
            _item("Deli Turkey", "9 oz", 479, "Oven Roasted|Honey|Smoked"),
        ),
    ),
    Category(
        "Fish & Seafood", 0.035, 0.05, 80, 0, ("Harbor Mist", "Tidewell", "North Pier", "Blue Skiff"), (
            _item("Salmon Fillet", "12 oz", 1099, "Atlantic|Sockeye|Smoked"),
            _item("Shrimp", "16 oz", 999, "Raw|Cooked|Jumbo"),
            _item("Tuna", "5 oz", 149, "in Water|in Olive Oil|Albacore"),
            _item("Cod Fillet", "12 oz", 899, "Skinless|Breaded"),
            _item("Sardines", "4.4 oz", 279, "in Tomato|in Olive Oil"),
        ),
    ),
    Category(
        "Frozen Food", 0.05, 0.05, 195, 0, ("Frostline", "Snowcap Kitchen", "Winterbrook", "Polar Pantry"), (
            _item("Pizza", "24 oz", 699, "Cheese|Pepperoni|Supreme|Veggie"),
            _item("Ice Cream", "48 oz", 549, "Vanilla|Chocolate|Cookie Dough|Pistachio"),
            _item("Peas", "12 oz", 199, "Sweet|Petite"),
            _item("French Fries", "32 oz", 449, "Crinkle|Straight|Waffle"),
            _item("Waffles", "12 oz", 349, "Buttermilk|Blueberry"),
            _item("Berries", "48 oz", 1149, "Mixed|Blueberry"),
        ),
    ),
    Category(
        "Pasta, Rice & Canned", 0.025, 0, 1, 0, ("Casa Verano", "Tuckwell", "Field & Ladle", "Bellrose"), (
            _item("Pasta", "16 oz", 179, "Spaghetti|Penne|Fusilli|Whole Wheat Penne"),
            _item("Rice", "32 oz", 349, "Long Grain|Jasmine|Basmati|Brown"),
            _item("Pasta Sauce", "24 oz", 299, "Marinara|Basil|Arrabbiata"),
            _item("Beans", "15 oz", 119, "Black|Pinto|Kidney"),
            _item("Soup", "18.6 oz", 289, "Chicken Noodle|Tomato|Minestrone"),
            _item("Olive Oil", "16.9 oz", 999, "Extra Virgin|Light"),
            _item("Peanut Butter", "16 oz", 329, "Creamy|Crunchy"),
        ),
    ),
    Category(
        "Breakfast Cereal", 0.055, 0.01, 250, 0, ("Morning Acre", "Oatfield", "Sunny Spoon", "Barleybee"), (
            _item("Corn Flakes", "18 oz", 429, "Original|Frosted"),
            _item("Granola", "12 oz", 499, "Honey Almond|Maple Pecan|Berry"),
            _item("Oats", "42 oz", 529, "Quick|Old Fashioned|Steel Cut"),
            _item("Oat Rings", "14 oz", 469, "Plain|Honey Nut|Apple"),
            _item("Cereal Bars", "7.8 oz", 359, "Strawberry|Chocolate Chip|Peanut"),
        ),
    ),
    Category(
        "Snacks & Sweets", 0.065, 0.02, 350, 0, ("Crackleberry", "Saltbox", "Merry Tin", "Jolly Acorn"), (
            _item("Potato Chips", "10 oz", 429, "Sea Salt|Sour Cream|Barbecue|Vinegar"),
            _item("Tortilla Chips", "13 oz", 399, "Restaurant Style|Blue Corn|Lime"),
            _item("Cookies", "14 oz", 449, "Chocolate Chip|Oatmeal|Sandwich"),
            _item("Chocolate Bar", "3.5 oz", 279, "Milk|70% Dark|Hazelnut"),
            _item("Pretzels", "16 oz", 349, "Twists|Sticks"),
            _item("Mixed Nuts", "15 oz", 899, "Salted|Unsalted"),
        ),
    ),
    Category(
        "Coffee, Tea & Drinks", 0.095, 0.02, 15, 0, ("Night Kettle", "Copperpot", "Junipa", "Roastery 9"), (
            _item("Ground Coffee", "12 oz", 899, "Medium Roast|Dark Roast|Decaf|Espresso"),
            _item("Tea Bags", "20 ct", 349, "Black|Green|Peppermint"),
            _item("Orange Juice", "52 oz", 449, "No Pulp|Some Pulp"),
            _item("Sparkling Water", "96 oz", 499, "Plain|Lime|Grapefruit"),
            _item("Cola", "144 oz", 749, "Classic|Zero"),
            _item("Oat Drink", "64 oz", 469, "Original|Barista"),
        ),
    ),
    Category(
        "Household", 0.03, 0, 1, 0.07, ("Brightwell", "Tidy Fox", "Clearbrook Home", "Sparrow"), (
            _item("Paper Towels", "6 ct", 1149, "Regular|Select-a-Size"),
            _item("Bath Tissue", "12 ct", 1099, "Soft|Strong"),
            _item("Dish Soap", "19 oz", 349, "Original|Lemon|Free & Clear"),
            _item("Laundry Detergent", "92 oz", 1299, "Fresh|Unscented|Cold Water"),
            _item("Trash Bags", "45 ct", 999, "Kitchen|Drawstring"),
            _item("All-Purpose Cleaner", "32 oz", 399, "Citrus|Lavender"),
        ),
    ),
    Category(
        "Personal Care", 0.04, 0, 1, 0.07, ("Linden & Rue", "Pureleaf Bath", "Mossberry", "Dailywell"), (
            _item("Shampoo", "12.6 oz", 649, "Moisture|Volume|Anti-Dandruff"),
            _item("Toothpaste", "5.1 oz", 429, "Mint|Whitening|Sensitive"),
            _item("Body Wash", "18 oz", 599, "Oat|Citrus|Unscented"),
            _item("Deodorant", "2.6 oz", 549, "Fresh|Unscented"),
            _item("Hand Soap", "11.25 oz", 299, "Lavender|Aloe"),
        ),
    ),
)  # fmt: skip
