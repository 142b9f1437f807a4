package import JSON

/// An open model file: its arrays and their locations.
///
/// Opening reads the ZIP directory and the array headers, not the array data. An `.npz` that is deflated inside a
/// container, as the official client writes it, is inflated once, because its directory is at its end. Thread-safe; the
/// source must not change while the model is in use.
package struct ModelFile: Sendable {
    /// The kind of file.
    package enum Kind: String, Sendable, Hashable {
        /// An archive of arrays.
        case npz
        /// The client's ScaleoutModel: an archive with metadata, in which the weights are one member.
        case container
        /// One vector without a header.
        case raw
    }

    package let kind: Kind
    package let format: WeightsFormat
    /// The arrays in the order of their numbers; a raw vector is one array.
    package let arrays: [ArrayDescriptor]
    /// The metadata of a container, `_version` included.
    package let metadata: JSONObject?

    /// What precedes the number in the name of an array: nothing, or `arr_` as numpy calls positional arrays.
    let namePrefix: String
    let locations: [ArrayLocation]
    /// The container's ZIP directory.
    let container: ZipArchive?

    /// The model id in a container's metadata.
    package var modelID: String? { metadata?["model_id"]?.string }

    /// Bytes of all arrays together, uncompressed.
    package var arraysByteCount: Int64 { arrays.reduce(0) { $0 + $1.byteCount } }

    /// Reads all arrays and verifies their lengths and checksums.
    ///
    /// - Throws: The error of the first invalid array.
    package func verify() throws(WeightsError) {
        for location in locations {
            let reader = try location.open()
            try reader.skip(reader.remainingByteCount)
        }
    }
}

/// The location of an array's elements.
enum ArrayLocation: Sendable {
    /// In a member of an archive, after a header of `headerByteCount` bytes.
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
