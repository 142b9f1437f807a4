package import JSON

extension BlobStore {
    /// The limits and settings of a blob store.
    package struct Options: Sendable {
        /// The largest file that may be uploaded, in bytes.
        package var fileByteCountMax: Int64 = 10 << 30
        /// The least announced length of a chunk; see ``Upload/chunkByteCount``.
        package var chunkByteCountMin = 256 << 10
        /// The greatest announced length of a chunk, and the hard limit for its body.
        package var chunkByteCountMax = 10 << 20
        package var chunkByteCountDefault = 900 << 10
        /// Chunks of an upload, announced or sent; 10 GiB in chunks of 256 KiB are 40,960.
        package var chunkCountMax = 65_536
        /// How long an upload is kept after its last activity, complete or not.
        package var uploadLifetime: Duration = .seconds(24 * 60 * 60)
        /// Uploads that are neither claimed nor deleted; each one that is recovered has two files open.
        package var unfinishedUploadCountMax = 256
        /// Of those, how many of one owner; nil for no such limit.
        package var unfinishedUploadCountPerOwnerMax: Int?
        /// The sum of their declared sizes, in bytes; nil for no limit but the free space.
        package var unfinishedByteCountMax: Int64?
        package var compressionLevel: Int32 = 1
        /// Content of one frame, in bytes.
        ///
        /// With 256 KiB a chunk of 900 KiB compresses on four cores at once, and a range costs little to decode. Frames
        /// of 1 MiB would save about 4 % of JSON, less of weights.
        package var frameByteCount = 256 << 10
        package var clock: @Sendable () -> Timestamp = { Timestamp.now() }
        /// The clock by which uploads expire; nil for `clock`.
        package var expiryClock: (@Sendable () -> Timestamp)?

        var expiryTime: Timestamp { (expiryClock ?? clock)() }

        package init() {}
    }
}
