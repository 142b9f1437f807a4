package import JSON

/// How a query was answered: the segments and documents it read, and the sources of its conditions.
///
/// Every segment is skipped, counted or read: `segmentsSkipped + segmentsCounted + segmentsRead == segmentCount`.
package struct QueryPlan: Sendable, Hashable {
    /// The source of a page's order.
    package enum Order: Sendable, Hashable {
        /// The order in which the records were appended: events by `committed_at`.
        case log
        /// The sorted values of an index, read until the page is full.
        case column(FieldPath)
        /// The first rows were selected from all matching ones, by a value that was read from each document; for
        /// `committed_at` from the index.
        case ranked(FieldPath)
    }

    /// The source that decides a condition.
    package enum Source: String, Sendable, Hashable {
        /// A lookup of the id.
        case key
        /// The lists of rows for each value in an index of the field.
        case postings
        /// The times of rows in each index.
        case committedAt
        /// The documents, which were read one after the other in at least one segment.
        case scan
    }

    /// One condition of the filter, with its source.
    package struct Step: Sendable, Hashable {
        package let path: FieldPath
        package internal(set) var answeredBy: Source
    }

    /// The number of segments when the query began.
    package internal(set) var segmentCount: Int
    /// The number of segments that cannot contain a match, by their index.
    package internal(set) var segmentsSkipped = 0
    /// The number of segments whose matches were only counted: from the lengths of lists, or from the cache.
    package var segmentsCounted: Int { segmentCount - segmentsSkipped - segmentsRead }
    /// The number of segments whose rows were enumerated, in an index or by reading documents.
    package internal(set) var segmentsRead = 0
    /// The number of returned documents.
    package internal(set) var recordsRead = 0
    /// The number of documents read only to evaluate conditions or the order; zero if indexes were sufficient.
    package internal(set) var recordsScanned = 0
    /// Nil for a count, which has no order.
    package internal(set) var order: Order?
    /// The conditions of the filter in the order they were applied, cheapest first.
    package internal(set) var conditions: [Step]
}
