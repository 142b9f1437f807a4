package import JSON

/// A model file, open: which arrays it has, and where they are.
///
/// Opening reads the directory and the arrays' headers, never the data. Only an archive that is deflated in a container,
/// as the official client writes it, is inflated once, because its directory is at its end.
/// Safe from any thread; the source must not change while it lives.
package struct ModelFile: Sendable {
    /// What stands around the weights.
    package enum Kind: String, Sendable, Hashable {
        /// An archive of arrays.
        case npz
        /// The client's ScaleoutModel: an archive with metadata, in which the weights are one member.
        case container
        /// One vector and nothing else.
        case raw
    }

    package let kind: Kind
    package let format: WeightsFormat
    /// In the order of their numbers; a raw vector is one array.
    package let arrays: [ArrayDescriptor]
    /// What a container says of itself, `_version` included.
    package let metadata: JSONObject?

    let places: [ArrayPlace]
    /// The container's own directory.
    let container: ZipArchive?

    /// The id that a container claims for itself.
    package var modelID: String? { metadata?["model_id"]?.string }

    /// Bytes of all arrays together, as they are in memory.
    package var arraysByteCount: Int64 { arrays.reduce(0) { $0 + $1.byteCount } }

    /// Requires that every byte of every array is there and verifies; reads them all.
    ///
    /// - Throws: What the first bad array is refused for.
    package func verify() throws(WeightsError) {
        for place in places {
            let reader = try place.open()
            try reader.skip(reader.remainingByteCount)
        }
    }
}

/// Where the elements of an array are.
enum ArrayPlace: Sendable {
    /// In a member of an archive, behind so many bytes of header.
    case member(ZipMember, of: ZipArchive, headerByteCount: Int)
    case raw(any ByteSource)

    /// Opens the array at its first element.
    func open() throws(WeightsError) -> any SequentialReader {
        switch self {
        case .member(let member, let archive, let headerByteCount):
            let reader = try MemberReader(member, of: archive)
            try reader.skip(Int64(headerByteCount))
            return reader
        case .raw(let source):
            return RawReader(source)
        }
    }
}
