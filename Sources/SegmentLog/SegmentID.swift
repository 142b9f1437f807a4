/// Identifies a segment of a log by its first sequence and its generation.
///
/// Segments are in the order of their first sequences; of two with the same first sequence, the one of the higher
/// generation was created from the other.
package struct SegmentID: Sendable, Hashable, Comparable {
    /// The sequence of its first record before merging removed any.
    package let first: UInt64
    /// 0 for the records as they were appended; higher after merging.
    package let generation: UInt32

    package init(first: UInt64, generation: UInt32 = 0) {
        self.first = first
        self.generation = generation
    }

    package static func < (left: SegmentID, right: SegmentID) -> Bool {
        (left.first, left.generation) < (right.first, right.generation)
    }
}
