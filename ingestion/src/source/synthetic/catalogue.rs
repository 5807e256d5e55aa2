//! The site whose visitors are simulated: pages, referrers, search terms; made once per run
//! from its seed.

use fake::{
    Fake as _,
    faker::{company::en::Buzzword, lorem::en::Word, name::en::FirstName},
};
use rand_distr::{Distribution as _, weighted::WeightedAliasIndex};

use super::rng::Draws;

const PAGES: usize = 320;
const SEARCH_TERMS: usize = 200;
const CATALOGUE: u64 = 0x6361_7461_6c6f_6775;

/// Things to draw from, each with a weight.
#[derive(Debug)]
pub(super) struct Choice<T> {
    items: Vec<T>,
    index: WeightedAliasIndex<f64>,
}

impl<T> Choice<T> {
    /// # Panics
    /// No item, or a weight that is negative or not a number: the lists here are constant,
    /// and a mix has been validated.
    pub(super) fn new(weighted: impl IntoIterator<Item = (T, f64)>) -> Self {
        let (items, weights): (Vec<_>, Vec<_>) = weighted.into_iter().unzip();
        let index = WeightedAliasIndex::new(weights).expect("weights are finite and not all zero");
        Self { items, index }
    }

    pub(super) fn draw(&self, draws: &mut Draws) -> &T {
        &self.items[self.index.sample(draws)]
    }

    pub(super) fn draw_index(&self, draws: &mut Draws) -> usize {
        self.index.sample(draws)
    }

    /// The item that [`Self::draw_index`] drew.
    pub(super) fn get(&self, index: usize) -> &T {
        &self.items[index]
    }
}

/// What a browser says of itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agent {
    pub(super) device: &'static str,
    pub(super) browser: &'static str,
    pub(super) os: &'static str,
}

#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) pages: Choice<String>,
    pub(super) referrers: Choice<Option<String>>,
    pub(super) countries: Choice<&'static str>,
    pub(super) agents: Choice<Agent>,
    pub(super) search_terms: Choice<String>,
}

impl Catalogue {
    pub(super) fn new(seed: u64) -> Self {
        let mut draws = Draws::at(seed, CATALOGUE);
        Self {
            pages: Choice::new(zipf((0..PAGES).map(|rank| page(rank, &mut draws)))),
            referrers: referrers(&mut draws),
            countries: Choice::new(COUNTRIES),
            agents: Choice::new(AGENTS.map(|(device, browser, os, weight)| {
                (
                    Agent {
                        device,
                        browser,
                        os,
                    },
                    weight,
                )
            })),
            search_terms: Choice::new(zipf((0..SEARCH_TERMS).map(|_| search_term(&mut draws)))),
        }
    }
}

/// Weights 1, 1/2, 1/3, …: how popularity falls with the rank.
fn zipf<T>(items: impl Iterator<Item = T>) -> impl Iterator<Item = (T, f64)> {
    items
        .enumerate()
        .map(|(rank, item)| (item, 1.0 / (rank + 1) as f64))
}

fn page(rank: usize, draws: &mut Draws) -> String {
    const FIRST: [&str; 6] = ["/", "/pricing", "/products", "/search", "/docs", "/cart"];
    if let Some(page) = FIRST.get(rank) {
        return (*page).to_owned();
    }
    let (a, b) = (word(draws), word(draws));
    match rank % 4 {
        0 => format!("/products/{b}-{rank}"),
        1 => format!("/blog/{a}-{rank}"),
        2 => format!("/docs/{a}/{b}-{rank}"),
        _ => {
            let author: String = FirstName().fake_with_rng(draws);
            format!("/team/{}-{rank}", slug(&author))
        }
    }
}

fn word(draws: &mut Draws) -> String {
    slug(&Word().fake_with_rng::<String, _>(draws))
}

fn slug(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_lowercase()
}

fn search_term(draws: &mut Draws) -> String {
    let buzz: String = Buzzword().fake_with_rng(draws);
    format!("{} {}", slug(&buzz), word(draws))
}

fn referrers(draws: &mut Draws) -> Choice<Option<String>> {
    let known = REFERRERS.map(|(referrer, weight)| (Some(referrer.to_owned()), weight));
    let campaigns: Vec<_> = (0..12)
        .map(|n| {
            let campaign = format!("ads.example.com/{}-{n}", word(draws));
            (Some(campaign), 1.0)
        })
        .collect();
    Choice::new(known.into_iter().chain(campaigns).chain([(None, 45.0)]))
}

const REFERRERS: [(&str, f64); 8] = [
    ("google.com", 30.0),
    ("bing.com", 5.0),
    ("duckduckgo.com", 3.0),
    ("youtube.com", 4.0),
    ("linkedin.com", 3.5),
    ("news.ycombinator.com", 3.0),
    ("github.com", 2.5),
    ("reddit.com", 2.0),
];

const COUNTRIES: [(&str, f64); 24] = [
    ("US", 28.0),
    ("IN", 11.0),
    ("DE", 8.0),
    ("GB", 7.0),
    ("FR", 6.0),
    ("BR", 5.0),
    ("JP", 4.5),
    ("CA", 4.0),
    ("NL", 3.0),
    ("ES", 3.0),
    ("IT", 2.8),
    ("AU", 2.6),
    ("PL", 2.2),
    ("MX", 2.0),
    ("SE", 1.6),
    ("KR", 1.6),
    ("ID", 1.4),
    ("CH", 1.2),
    ("TR", 1.1),
    ("NP", 0.8),
    ("ZA", 0.8),
    ("NG", 0.7),
    ("AR", 0.7),
    ("NZ", 0.5),
];

const AGENTS: [(&str, &str, &str, f64); 14] = [
    ("mobile", "Chrome", "Android", 30.0),
    ("mobile", "Safari", "iOS", 21.0),
    ("mobile", "Samsung Internet", "Android", 3.0),
    ("mobile", "Firefox", "Android", 1.0),
    ("desktop", "Chrome", "Windows", 18.0),
    ("desktop", "Chrome", "macOS", 6.0),
    ("desktop", "Safari", "macOS", 5.0),
    ("desktop", "Edge", "Windows", 5.0),
    ("desktop", "Firefox", "Windows", 2.5),
    ("desktop", "Firefox", "Linux", 1.5),
    ("desktop", "Chrome", "Linux", 1.5),
    ("desktop", "Opera", "Windows", 0.8),
    ("tablet", "Safari", "iPadOS", 3.2),
    ("tablet", "Chrome", "Android", 1.5),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_site() {
        let (a, b, c) = (Catalogue::new(1), Catalogue::new(1), Catalogue::new(2));
        assert_eq!(a.pages.items, b.pages.items);
        assert_eq!(a.search_terms.items, b.search_terms.items);
        assert_ne!(a.pages.items, c.pages.items);
        let mut pages = a.pages.items.clone();
        pages.sort();
        pages.dedup();
        assert_eq!(pages.len(), PAGES);
    }
}
