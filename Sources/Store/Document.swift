/// A stored document: its id and the JSON object as it stands on disk, on one line.
package struct Document: Sendable {
    package let id: String
    /// The whole object, from `{` to `}`, verified against its record's checksum when it was read.
    ///
    /// A slice of a block of the log that documents of a page share: whoever keeps one for long copies it.
    package let bytes: ArraySlice<UInt8>

    package init(id: String, bytes: ArraySlice<UInt8>) {
        self.id = id
        self.bytes = bytes
    }
}
