/// Which segment of a log: where it begins, and how often its records were gathered anew.
///
/// Segments are in the order of their first sequences; of two that begin alike, the one of the higher generation was
/// made from the other.
package struct SegmentID: Sendable, Hashable, Comparable {
    /// The sequence of the first record it had before any were left out.
    package let first: UInt64
    /// 0 for the records as they were appended; more for what merging made of them.
    package let generation: UInt32

    package init(first: UInt64, generation: UInt32 = 0) {
        self.first = first
        self.generation = generation
    }

    package static func < (left: SegmentID, right: SegmentID) -> Bool {
        (left.first, left.generation) < (right.first, right.generation)
    }
}
