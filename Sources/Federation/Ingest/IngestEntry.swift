/// One document of an ingest, as sent.
package struct IngestEntry: Sendable {
    /// The number of its line, or of its element in an array, from 1.
    package let number: Int
    /// Nil if it is too long.
    package let bytes: ArraySlice<UInt8>?

    package init(number: Int, bytes: ArraySlice<UInt8>?) {
        self.number = number
        self.bytes = bytes
    }

    /// Whether it consists of spaces only, and is no document.
    package var isBlank: Bool {
        bytes?.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 } ?? false
    }
}
