/// How much a reader takes from whoever wrote a model file.
///
/// What a file says of itself is compared with these before anything is allocated or inflated.
package struct ModelLimits: Sendable, Hashable {
    package static let `default` = ModelLimits()

    /// Bytes of all members of an archive together, inflated; the archive in a container counts by itself.
    package var byteCountMax: Int64
    /// Members of one archive, and so arrays of a model.
    package var memberCountMax: Int
    /// Bytes of an archive's directory, which is held in memory.
    package var directoryByteCountMax: Int
    package var nameByteCountMax: Int
    /// Bytes of a container's `metadata.json`, which is held in memory.
    package var metadataByteCountMax: Int

    package init(
        byteCountMax: Int64 = 16 << 30,
        memberCountMax: Int = 65_536,
        directoryByteCountMax: Int = 16 << 20,
        nameByteCountMax: Int = 1_024,
        metadataByteCountMax: Int = 1 << 20
    ) {
        self.byteCountMax = byteCountMax
        self.memberCountMax = memberCountMax
        self.directoryByteCountMax = directoryByteCountMax
        self.nameByteCountMax = nameByteCountMax
        self.metadataByteCountMax = metadataByteCountMax
    }
}
