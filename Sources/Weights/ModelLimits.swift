/// Limits on model files from untrusted clients.
///
/// The sizes that a file declares are compared with these limits before memory is allocated or data inflated.
package struct ModelLimits: Sendable, Hashable {
    package static let `default` = ModelLimits()

    /// Inflated bytes of all members of an archive together; an archive inside a container is counted separately.
    package var byteCountMax: Int64
    /// Members of one archive, and therefore arrays of a model.
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
