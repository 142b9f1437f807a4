/// Where one record stands.
///
/// Offsets count in the content of a segment, which is its lines: they are the same whether it is stored plain or
/// compressed.
package struct RecordPointer: Sendable, Hashable {
    package let segment: SegmentID
    /// The first byte of the record's line in the content of its segment.
    package let offset: UInt32
    /// Bytes of the line, its newline included.
    package let byteCount: UInt32

    package init(segment: SegmentID, offset: UInt32, byteCount: UInt32) {
        self.segment = segment
        self.offset = offset
        self.byteCount = byteCount
    }
}
