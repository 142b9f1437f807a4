package import Index
package import JSON

/// A query: filter, order and page.
package struct Query: Sendable, Hashable {
    package var filter: Filter
    /// The field by which documents are sorted; nil for `committed_at`.
    ///
    /// In ascending order, documents without a value are first, then `false`, `true`, numbers, instants, other text;
    /// see ``Scalar``. Equal values are ordered by `committed_at` in the same direction, so a key that no document has
    /// gives the order of `committed_at`.
    package var sortKey: FieldPath?
    /// Oldest or smallest first; otherwise newest or largest first.
    package var ascending: Bool
    /// How many documents to skip at the start.
    package var skip: Int
    /// How many documents to return at most; nil for all.
    package var limit: Int?

    package init(
        filter: Filter = Filter(),
        sortKey: FieldPath? = nil,
        ascending: Bool = false,
        skip: Int = 0,
        limit: Int? = nil
    ) {
        self.filter = filter
        self.sortKey = sortKey
        self.ascending = ascending
        self.skip = skip
        self.limit = limit
    }
}

/// The requested page of a query's documents.
package struct Page: Sendable {
    /// How many documents pass the filter, independent of skip and limit.
    package let total: Int
    package let documents: [Document]
    /// The query plan.
    package let plan: QueryPlan

    /// How many documents were read only to evaluate conditions or the order; zero if indexes were sufficient.
    package var scannedCount: Int { plan.recordsScanned }
}

/// The range of an order that a query returns: from `start` up to, not including, `end`.
struct Window {
    let start: Int
    let end: Int

    init(skip: Int, limit: Int?) {
        start = max(skip, 0)
        let (end, isBeyond) = start.addingReportingOverflow(max(limit ?? .max, 0))
        self.end = isBeyond ? .max : end
    }

    var isEmpty: Bool { start >= end }
}
