//! The whole record, read from the store as it is taken.

use std::collections::HashMap;

use futures_util::{Stream, StreamExt, stream};

use super::{Edition, Error, Export};
use crate::feeds::{csv_head, csv_row, json_line};
use crate::release::Guid;
use crate::store::Selection;

/// So many releases are held at once.
const AT_ONCE: usize = 100;

/// What JSON lines hold of a release beside what is shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Records {
    /// Nothing.
    None,
    /// All from which another store can be made, but for the texts that their publisher has taken down.
    Public,
    /// Those as well.
    WithWithdrawn,
}

impl Edition {
    /// The whole record, oldest first, some releases at a time; with what the store keeps of each, if `records` says so.
    ///
    /// # Errors
    /// [`Error`], at its beginning; each piece may fail as well.
    pub async fn export(
        &self,
        format: Export,
        records: Records,
    ) -> Result<impl Stream<Item = Result<Vec<u8>, Error>> + Send + 'static, Error> {
        let all = self.store.stamps(&Selection::All).await?;
        let guids: Vec<Guid> = all.into_iter().map(|(guid, _)| guid).collect();
        let count = guids.len();
        let mut head = match format {
            Export::Jsonl => Vec::new(),
            Export::Csv => csv_head()?,
        };
        let (store, site) = (self.store.clone(), self.site.clone());
        let chunks: Vec<Vec<Guid>> = guids.chunks(AT_ONCE).map(<[Guid]>::to_vec).collect();
        // A table without releases has its head all the same.
        let chunks = if chunks.is_empty() {
            vec![Vec::new()]
        } else {
            chunks
        };
        let pieces = stream::iter(chunks.into_iter().enumerate());
        Ok(pieces.then(move |(at, guids)| {
            let (store, site) = (store.clone(), site.clone());
            let head = if at == 0 {
                std::mem::take(&mut head)
            } else {
                Vec::new()
            };
            async move {
                let mut items = store.these(&guids).await?;
                items.reverse();
                let mut kept = match (format, records) {
                    (Export::Csv, _) | (_, Records::None) => HashMap::new(),
                    (_, Records::Public) => store.records(&guids, false).await?,
                    (_, Records::WithWithdrawn) => store.records(&guids, true).await?,
                };
                if at == 0
                    && let Some(first) = guids.first().and_then(|guid| kept.get_mut(guid))
                {
                    store.add_whole(first, count).await?;
                }
                let mut bytes = head;
                for item in &items {
                    match format {
                        Export::Jsonl => {
                            let record = kept.get(&item.release.guid);
                            bytes.extend(json_line(&site, item, record)?.into_bytes());
                        }
                        Export::Csv => bytes.extend(csv_row(&site, item)?),
                    }
                }
                Ok(bytes)
            }
        }))
    }
}
