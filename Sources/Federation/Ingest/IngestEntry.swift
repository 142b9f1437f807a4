/// One document of many, as it was sent.
package struct IngestEntry: Sendable {
    /// Of its line, or of its element in an array; from 1 on.
    package let number: Int
    /// Nil where it is longer than may be kept.
    package let bytes: ArraySlice<UInt8>?

    package init(number: Int, bytes: ArraySlice<UInt8>?) {
        self.number = number
        self.bytes = bytes
    }

    /// Whether there is nothing but spaces, which is no document.
    package var isBlank: Bool {
        bytes?.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 } ?? false
    }
}
