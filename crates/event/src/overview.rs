use rusqlite::params;
use spigot_decision::Millis;

use crate::query::Reader;
use crate::sink::slices::{NONE, OTHERS, column_names};
use crate::slice::{CELLS, Dimension, Slice, Span, Sums};
use crate::store::StoreError;

impl Reader {
    /// The sums by `dimension` from `since` on and before `until`, both rounded down to whole spans, added up over
    /// `spans` of them each, oldest first. Sums of `span` reach back as far as [`Span::keep_days`].
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn slices(
        &self,
        dimension: Dimension,
        span: Span,
        spans: u32,
        (since, until): (Millis, Millis),
    ) -> Result<Vec<Slice>, StoreError> {
        let step = i64::from(span.minutes()) * i64::from(spans.max(1));
        self.sums(dimension, span, step, since, until).map_err(|error| self.failed(error))
    }

    fn sums(
        &self,
        dimension: Dimension,
        span: Span,
        step: i64,
        since: Millis,
        until: Millis,
    ) -> rusqlite::Result<Vec<Slice>> {
        let columns = column_names().map(|name| format!("sum({name})")).join(", ");
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT start / ?5 * ?5 AS step, key, {columns} FROM slice WHERE span = ?1 AND dimension = ?2 \
             AND start >= ?3 AND start < ?4 GROUP BY step, key ORDER BY step, key"
        ))?;
        let minutes = i64::from(span.minutes());
        let begin = |time: Millis| time.0.div_euclid(60_000 * minutes) * minutes;
        let mut rows =
            statement.query(params![minutes, dimension as i64, begin(since), begin(until), step])?;
        let mut slices = Vec::new();
        while let Some(row) = rows.next()? {
            let mut cells = [0; CELLS];
            for (index, cell) in cells.iter_mut().enumerate() {
                *cell = row.get::<_, i64>(2 + index)?.unsigned_abs();
            }
            slices.push(Slice {
                start: Millis(row.get::<_, i64>(0)?.saturating_mul(60_000)),
                key: self.key(dimension, row.get(1)?)?,
                sums: Sums::of_cells(cells),
            });
        }
        Ok(slices)
    }

    fn key(&self, dimension: Dimension, number: i64) -> rusqlite::Result<String> {
        match number {
            NONE if dimension == Dimension::Total => Ok("all".to_owned()),
            NONE => Ok("unknown".to_owned()),
            OTHERS => Ok("others".to_owned()),
            word => self.word(word),
        }
    }
}
