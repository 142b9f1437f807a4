package import JSON

extension BlobStore {
    /// What an operator may set, and what tests do.
    package struct Options: Sendable {
        /// The largest file that may be uploaded, in bytes.
        package var fileByteCountMax: Int64 = 10 << 30
        /// The announced length of a chunk is clamped between these; see ``UploadTicket/chunkByteCount``.
        package var chunkByteCountMin = 256 << 10
        /// The hard limit for the body of a chunk as well.
        package var chunkByteCountMax = 10 << 20
        package var chunkByteCountDefault = 900 << 10
        /// Chunks of an upload, announced or sent; 10 GiB in chunks of 256 KiB are 40,960.
        package var chunkCountMax = 65_536
        /// How long an upload stays after the last thing that happened to it, complete or not.
        package var uploadLifetime: Duration = .seconds(24 * 60 * 60)
        /// Uploads that are neither claimed nor gone; each one that was touched has two files open.
        package var unfinishedUploadCountMax = 256
        /// Of those, how many of one owner; nil for no such limit.
        package var unfinishedUploadCountPerOwnerMax: Int?
        /// What all of them together may have declared, in bytes; nil for what is free on the disk.
        package var unfinishedByteCountMax: Int64?
        package var compressionLevel: Int32 = 1
        /// Content of one frame, in bytes.
        ///
        /// With 256 KiB a chunk of 900 KiB compresses on four cores at once, and a range costs little to decode. Frames
        /// of 1 MiB would save about 4 % of JSON, less of weights.
        package var frameByteCount = 256 << 10
        package var clock: @Sendable () -> Timestamp = { Timestamp.now() }

        package init() {}
    }
}
