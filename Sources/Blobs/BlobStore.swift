internal import Concurrency
package import Disk
internal import Dispatch
internal import Glibc
internal import JSON
internal import NIOConcurrencyHelpers

/// Receives files in ordered chunks, and stores them verified and compressed so that any range can be read.
///
/// An upload begins, receives chunks, is completed, and is claimed once, by which it becomes a blob. Its state is
/// derived from its directory: an upload of an earlier process is recovered when it is first used.
///
/// What survives a power cut, at the latest when the call returns:
///
/// - `begin`: that the upload exists; `complete`: the file; `claim`: that the blob exists and the token is redeemed;
/// - `abort`, `remove`: that it is deleted;
/// - a chunk's `finish`: nothing yet, but it survives the process; ``UploadStatus/durableByteCount`` follows.
///
/// The owner of the data directory's lock has one store for it. Safe from any thread.
package final class BlobStore: Sendable {
    /// What an upload counts towards the limits, until it is claimed or deleted.
    struct Holding {
        /// Its owner; nil if none was given, or if it is of an earlier process.
        var owner: String?
        /// The declared size; of a file without one, what has arrived before its current chunk.
        var byteCount: Int64 = 0
    }

    struct State {
        /// Every upload that has a directory, recovered or not.
        var known: [BlobID: Holding] = [:]
        /// Those of this process and those that are recovered.
        var uploads: [BlobID: Upload] = [:]
        var isClosed = false
    }

    package let options: Options
    let context: BlobContext
    let state = NIOLockedValueBox(State())
    /// For each upload that is being recovered or expired.
    let locks = KeyedLock()
    /// For everything that blocks and does not run on the queue of an upload.
    let queue = DispatchQueue(label: "ledge.blobs.disk", attributes: .concurrent)

    /// Opens the uploads and blobs in `directory`, the data directory, and creates what is missing; blocks.
    ///
    /// `space` is that of the store of the same directory.
    package init(
        directory: String,
        options: Options = Options(),
        space: DiskSpace? = nil,
        on disk: any Disk
    ) throws(StorageError) {
        self.options = options
        let coreCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        context = BlobContext(
            paths: BlobPaths(directory),
            options: options,
            coreCount: coreCount,
            space: space,
            on: disk
        )
        try disk.ensureDirectory(context.paths.uploads)
        try disk.ensureDirectory(context.paths.blobs)
        let ids = try disk.list(context.paths.uploads).compactMap(BlobID.init)
        var known = Dictionary(uniqueKeysWithValues: ids.map { ($0, Holding()) })
        if options.unfinishedByteCountMax != nil {
            for id in ids { known[id]?.byteCount = try UploadDirectory(id: id, context: context).declaredByteCount() }
        }
        state.withLockedValue { [known] in $0.known = known }
    }

    /// Makes durable what the unfinished uploads have received, and refuses all requests from now on.
    package func close() async {
        let ids = state.withLockedValue { state in
            state.isClosed = true
            return Array(state.known.keys)
        }
        for id in ids {
            // A recovery that is running ends first, and none begins any more.
            await locks.lock(id.text)
            defer { locks.unlock(id.text) }
            await state.withLockedValue { $0.uploads.removeValue(forKey: id) }?.close()
        }
    }
}

/// Uploads.
extension BlobStore {
    /// Begins an upload; it survives a power cut when this returns.
    ///
    /// `fileName` is the client's name for it and never part of a path. `byteCount` is the declared size, 0 included; nil if
    /// the length shows only at the end, and the file may then have the largest size. `chunkByteCount` is the client's preferred length of a chunk, and is clamped. `owner`, such as an address, is what
    /// the limit for each owner counts; it is not stored.
    ///
    /// - Throws: `.invalidFileName`, `.invalidByteCount`, `.fileTooLarge`, `.tooManyChunks`, `.tooManyUploads`,
    ///   `.tooManyUploadsOfOwner`, `.tooManyUnfinishedBytes`; `.tooLargeForDisk` if less is free than declared (the bytes
    ///   that other uploads have not received yet are not counted); `.storage`.
    package func begin(
        fileName: String,
        byteCount: Int64?,
        chunkByteCount: Int? = nil,
        owner: String? = nil
    ) async throws(UploadError) -> Upload {
        guard (1...1_024).contains(fileName.utf8.count) else { throw .invalidFileName }
        let declared = byteCount ?? 0
        guard declared >= 0 else { throw .invalidByteCount(declared) }
        guard declared <= options.fileByteCountMax else {
            throw .fileTooLarge(byteCount: declared, byteCountMax: options.fileByteCountMax)
        }
        guard let id = BlobID(UniqueID.random()) else { preconditionFailure("a unique id is an id") }
        let preferred = chunkByteCount ?? options.chunkByteCountDefault
        let header = UploadJournal.Header(
            id: id,
            fileName: fileName,
            byteCount: byteCount,
            chunkByteCount: min(max(preferred, options.chunkByteCountMin), options.chunkByteCountMax),
            createdAt: options.clock()
        )
        if let count = header.chunkCount, count > options.chunkCountMax {
            throw .tooManyChunks(count: count, countMax: options.chunkCountMax)
        }
        try await requireSpace(declared)
        try reserve(id, Holding(owner: owner, byteCount: declared))
        do throws(StorageError) {
            let upload = try await queue.run { [context] () throws(StorageError) in
                try context.writing(Self.create(header, in: context))
            }
            state.withLockedValue { $0.uploads[id] = upload }
            return upload
        } catch {
            forget(id)
            throw .storage(error)
        }
    }

    /// Removes an upload, complete or not, durably.
    ///
    /// - Throws: `.unknownUpload`, `.storage`.
    package func abort(_ id: String) async throws(UploadError) {
        let upload = try await upload(id)
        try await leaving(upload, await upload.abort())
    }

    /// Redeems the token of a complete upload: it becomes the blob of that id, durably.
    ///
    /// A token is redeemed once, so that no two documents share a blob. A caller that then fails to write its document
    /// removes the blob, or leaves an orphan.
    ///
    /// - Throws: `.unknownToken`; `.storage`, and if that is `.disk` it may be tried again.
    package func claim(_ token: String) async throws(UploadError) -> BlobDescription {
        let upload = try await complete(token)
        return try await leaving(upload, await upload.claim())
    }

    /// Opens the file of a token without redeeming it.
    ///
    /// - Throws: `.unknownToken`, `.storage`.
    package func openUpload(_ token: String) async throws(UploadError) -> BlobReader {
        try await complete(token).open()
    }

    private func complete(_ token: String) async throws(UploadError) -> Upload {
        do throws(UploadError) { return try await upload(token) } catch .unknownUpload { throw .unknownToken }
    }
}

/// Blobs.
extension BlobStore {
    /// Opens a stored file.
    ///
    /// - Throws: `.unknownBlob`, `.storage`.
    package func open(_ blobID: String) async throws(UploadError) -> BlobReader {
        guard let id = BlobID(blobID) else { throw .unknownBlob }
        return try await queue.run { [context] () throws(UploadError) in
            do throws(StorageError) {
                return try BlobReader(id, at: context.paths.blob(id), contexts: context.contexts, on: context.disk)
            } catch {
                throw error.isMissing ? .unknownBlob : .storage(error)
            }
        }
    }

    /// Removes a stored file, durably; readers that are open continue.
    ///
    /// - Throws: `.unknownBlob`, `.storage`.
    package func remove(_ blobID: String) async throws(UploadError) {
        guard let id = BlobID(blobID) else { throw .unknownBlob }
        try await queue.run { [context] () throws(UploadError) in
            do throws(StorageError) {
                try context.freeing(context.disk.remove(context.paths.blob(id)))
                try context.disk.synchronizeDirectory(context.paths.directory(of: id))
            } catch {
                throw error.isMissing ? .unknownBlob : .storage(error)
            }
        }
    }
}
