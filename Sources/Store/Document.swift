/// A stored document: its id and its JSON object, as stored on one line.
package struct Document: Sendable {
    package let id: String
    /// The whole object, from `{` to `}`, verified against its record's checksum when it was read.
    ///
    /// A slice of a block of the log that documents of a page share: copy it to keep it for long.
    package let bytes: ArraySlice<UInt8>

    package init(id: String, bytes: ArraySlice<UInt8>) {
        self.id = id
        self.bytes = bytes
    }
}
