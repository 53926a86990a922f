//! What the shop sells. The pictures are files of their own beside this one.

/// One product of the catalogue.
pub(crate) struct Product {
    /// Its number, as in `/products/{id}`.
    pub(crate) id: u16,
    pub(crate) name: &'static str,
    /// One line for the list.
    pub(crate) summary: &'static str,
    /// A paragraph for its own page.
    pub(crate) story: &'static str,
    pub(crate) material: &'static str,
    pub(crate) size: &'static str,
    pub(crate) price_cents: u32,
    /// Colour of the tile behind the picture: one of the `tint-*` classes of the style sheet.
    pub(crate) tint: &'static str,
    /// An SVG element; trusted markup.
    pub(crate) picture: &'static str,
}

/// The product with this number.
pub(crate) fn product(id: u16) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.id == id)
}

/// Products with every word of `query` in their texts, letter case aside; none for a query without a word.
pub(crate) fn search(query: &str) -> Vec<&'static Product> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    if words.is_empty() {
        return Vec::new();
    }
    let matches = |product: &&Product| {
        let text = format!("{} {} {} {}", product.name, product.summary, product.story, product.material);
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    PRODUCTS.iter().filter(matches).collect()
}

/// An amount of euro cents as text: `1234` is `€12.34`.
pub(crate) fn price(cents: u64) -> String {
    format!("€{}.{:02}", cents / 100, cents % 100)
}

macro_rules! products {
    ($($id:literal $name:literal, $price:literal, $tint:literal, $picture:literal, $material:literal, $size:literal:
        $summary:literal $story:literal)*) => {
        &[$(Product {
            id: $id, name: $name, summary: $summary, story: $story, material: $material, size: $size,
            price_cents: $price, tint: $tint, picture: include_str!(concat!("pictures/", $picture, ".svg")),
        }),*]
    };
}

/// Everything on sale, in the order of the shelf.
pub(crate) const PRODUCTS: &[Product] = products! {
    1 "Harbour pillar tap", 8900, "tint-sand", "pillar-tap", "Solid brass", "118 × 142 mm":
    "A lever tap that closes with one finger."
    "Cast in one piece and left unlacquered, so that it darkens where hands touch it. The ceramic disc inside turns a quarter and never needs a washer."

    2 "Mill wall tap", 7450, "tint-sky", "wall-tap", "Solid brass", "160 mm reach":
    "Cross handle, wide spout, no fuss."
    "Made after the taps of an old flour mill. The spout is wide enough to fill a bucket while you look for the second one."

    3 "Heron mixer", 16900, "tint-sage", "swan-mixer", "Brushed steel", "380 mm tall":
    "A tall neck for tall pots."
    "The neck turns all the way round and stays where you leave it. Hot and cold meet in a cartridge that you can change with a coin."

    4 "Courtyard bib tap", 3290, "tint-rose", "bib-tap", "Brass, painted lever", "¾ inch thread":
    "The garden tap that outlives the garden."
    "A heavy outdoor tap with a threaded nose for a hose and a lever you can turn with gloves on. Drains itself when closed, so frost finds nothing."

    5 "Dune basin", 12400, "tint-sky", "stone-basin", "Stoneware", "Ø 420 mm":
    "Speckled stoneware, thrown by hand."
    "Each one is thrown, turned and glazed in the same workshop. The speckles are iron in the clay and are different on every basin."

    6 "Scullery bowl", 4600, "tint-sage", "enamel-bowl", "Enamelled steel", "Ø 360 mm":
    "White enamel with a blue rim."
    "For washing up, rising dough or carrying plums. It chips if you drop it on stone, and is better for it."

    7 "Ember basin", 21900, "tint-sand", "copper-basin", "Hammered copper", "Ø 440 mm":
    "Hammered copper that warms with the water."
    "Forty minutes under the hammer, then waxed. The marks hold the light; the metal takes the temperature of the water at once."

    8 "Meadow hose", 3900, "tint-rose", "garden-hose", "Woven, brass ends", "20 m":
    "Twenty metres that do not kink."
    "Three layers with a woven middle. It lies flat in the cold and coils without an argument."

    9 "Plait shower hose", 2450, "tint-sage", "shower-hose", "Braided steel", "1.75 m":
    "Braided steel, swivels at both ends."
    "The braid carries the pull and the inner hose only carries the water, so that it neither stretches nor drips."

    10 "Rainfall head", 9800, "tint-sky", "shower-head", "Brass and silicone", "Ø 220 mm":
    "Soft rain from ninety-six nozzles."
    "A flat head with silicone nozzles that rub clean with a thumb. Uses nine litres a minute and feels like more."

    11 "Bottle trap", 5200, "tint-rose", "bottle-trap", "Solid brass", "1¼ inch":
    "For basins that show what is under them."
    "The cup unscrews by hand, which is how you get the ring back."

    12 "Plug and chain", 1250, "tint-sand", "plug-chain", "Rubber and brass", "Ø 46 mm":
    "Holds water. Has a chain."
    "A thick rubber plug with a brass cap and forty centimetres of ball chain. There is nothing to go wrong."
};
