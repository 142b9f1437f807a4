package import JSON

/// How a query was answered: what it touched, and what told which documents pass.
///
/// Every segment is skipped, counted or read: `segmentsSkipped + segmentsCounted + segmentsRead == segmentCount`.
package struct QueryPlan: Sendable, Hashable {
    /// Where the order of a page came from.
    package enum Order: Sendable, Hashable {
        /// The order in which the records were appended: events by `committed_at`.
        case log
        /// The sorted values of an index, walked until the page is full.
        case column(FieldPath)
        /// The first rows were picked out of all that pass, by a value read from each document; for `committed_at`
        /// from the index.
        case ranked(FieldPath)
    }

    /// What told whether a document passes a condition.
    package enum Source: String, Sendable, Hashable {
        /// A look for the id.
        case key
        /// The lists of rows that an index of the field keeps for each value.
        case postings
        /// The moments each index keeps of its rows.
        case committedAt
        /// The documents themselves, read one after the other, in at least one segment.
        case scan
    }

    /// One condition of the filter, and what answered it.
    package struct Step: Sendable, Hashable {
        package let path: FieldPath
        package internal(set) var answeredBy: Source
    }

    /// Segments the collection had when the query began.
    package internal(set) var segmentCount: Int
    /// Segments where an index said at once that nothing passes.
    package internal(set) var segmentsSkipped = 0
    /// Segments whose documents that pass were only counted: from the lengths of lists, or remembered.
    package var segmentsCounted: Int { segmentCount - segmentsSkipped - segmentsRead }
    /// Segments whose rows were gone through, in an index or one document after the other.
    package internal(set) var segmentsRead = 0
    /// Documents returned.
    package internal(set) var recordsRead = 0
    /// Documents read only to find the answer: zero where indexes gave it.
    package internal(set) var recordsScanned = 0
    /// Nil where nothing was put in order: for a count.
    package internal(set) var order: Order?
    /// The conditions of the filter in the order they were applied, cheapest first.
    package internal(set) var conditions: [Step]

    init(segmentCount: Int, conditions: [Step]) {
        self.segmentCount = segmentCount
        self.conditions = conditions
    }
}
