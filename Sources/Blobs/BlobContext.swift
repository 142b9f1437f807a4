internal import Disk
internal import Zstd

/// What all uploads of a store share.
struct BlobContext: Sendable {
    let pool: FramePool
    let contexts: ZstdContexts
    let encoder: FrameEncoder
    let paths: BlobPaths
    let disk: any Disk
    let options: BlobStore.Options
    /// The space on the disk and its reserve; nil if they are not watched.
    let space: DiskSpace?

    init(paths: BlobPaths, options: BlobStore.Options, coreCount: Int, space: DiskSpace?, on disk: any Disk) {
        pool = FramePool(frameByteCount: options.frameByteCount, placeCount: 2 * coreCount)
        contexts = ZstdContexts()
        encoder = FrameEncoder(contexts: contexts, level: options.compressionLevel)
        self.paths = paths
        self.disk = disk
        self.options = options
        self.space = space
    }

    /// Throws if only deletions may write now.
    func admit() throws(StorageError) {
        if let full = space?.refusal { throw full }
    }

    /// Runs a step that writes, and records whether it found space.
    func writing<Value>(_ body: @autoclosure () throws(StorageError) -> Value) throws(StorageError) -> Value {
        try admit()
        do {
            let value = try body()
            space?.noteWritten()
            return value
        } catch {
            space?.note(error)
            throw error
        }
    }

    /// Runs a step that frees space, with the reserve if the disk is full.
    func freeing(_ body: @autoclosure () throws(StorageError) -> Void) throws(StorageError) {
        if let space { try space.usingReserve(body()) } else { try body() }
    }
}
