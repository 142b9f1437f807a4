/// The place of one record.
///
/// Offsets count bytes of the segment's lines, so they do not change when the segment is compressed.
package struct RecordPointer: Sendable, Hashable {
    package let segment: SegmentID
    /// The first byte of the record's line in the content of its segment.
    package let offset: UInt32
    /// The length of the line in bytes, including its newline.
    package let byteCount: UInt32

    package init(segment: SegmentID, offset: UInt32, byteCount: UInt32) {
        self.segment = segment
        self.offset = offset
        self.byteCount = byteCount
    }
}
