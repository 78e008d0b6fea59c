//! stub
#![allow(missing_docs)]
use crate::html;
use crate::release::Text;
pub struct PartDifference {
    pub part: &'static str,
}
pub struct Difference {
    pub parts: Vec<PartDifference>,
    pub weight: Weight,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Minor,
    Material,
}
impl Weight {
    pub fn as_str(self) -> &'static str {
        match self {
            Weight::Minor => "minor",
            Weight::Material => "material",
        }
    }
}
impl Difference {
    pub fn between(before: &Text, after: &Text) -> Difference {
        let p = |t: &Text| t.body.as_deref().map(html::paragraphs).unwrap_or_default();
        let parts = [
            ("title", before.title != after.title),
            ("lead", before.lead != after.lead),
            ("body", p(before) != p(after)),
        ];
        Difference {
            parts: parts
                .into_iter()
                .filter(|x| x.1)
                .map(|x| PartDifference { part: x.0 })
                .collect(),
            weight: Weight::Material,
        }
    }
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}
