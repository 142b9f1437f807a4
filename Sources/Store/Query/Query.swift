package import Index
package import JSON

/// Which documents of a collection, in which order, and which part of them.
package struct Query: Sendable, Hashable {
    package var filter: Filter
    /// What orders the documents; nil for `committed_at`.
    ///
    /// Ascending, documents without a value come first, then `false`, `true`, numbers, instants, other text; see
    /// ``Scalar``. Equal values are ordered by `committed_at` in the same direction, so a key that no document has
    /// gives the order of `committed_at`.
    package var sortKey: FieldPath?
    /// Oldest or smallest first; otherwise newest or largest first.
    package var ascending: Bool
    /// How many documents to leave out at the start.
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

/// The part of a query's documents that was asked for.
package struct Page: Sendable {
    /// How many documents pass the filter, whatever was skipped or limited.
    package let total: Int
    package let documents: [Document]
    /// How the answer was found.
    package let plan: QueryPlan

    /// How many documents were read only to find the answer: zero where indexes gave it.
    package var scannedCount: Int { plan.recordsScanned }
}

/// The part of an order that a query returns: from `start` up to, not including, `end`.
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
