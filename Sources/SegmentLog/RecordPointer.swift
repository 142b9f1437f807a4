/// Where one record stands: 16 bytes, so that an index can hold millions of them.
package struct RecordPointer: Sendable, Hashable {
    /// The first sequence of the segment, which is also the segment's name.
    package let segment: UInt64
    /// The first byte of the record's line in its segment.
    package let offset: UInt32
    /// Bytes of the line, its newline included.
    package let byteCount: UInt32

    package init(segment: UInt64, offset: UInt32, byteCount: UInt32) {
        self.segment = segment
        self.offset = offset
        self.byteCount = byteCount
    }
}
