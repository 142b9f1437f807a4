internal import Concurrency
package import Disk
internal import Dispatch
internal import Glibc
internal import JSON
internal import NIOConcurrencyHelpers

/// Takes files in ordered chunks, and keeps them verified and compressed so that any range can be read.
///
/// An upload begins, receives chunks, is completed, and is claimed once, by which it becomes a blob. Its state is
/// derived from its directory: an upload of an earlier process is recovered when it is first touched.
///
/// What survives a power cut, at the latest when the call returns:
///
/// - `begin`: that the upload exists; `complete`: the whole file; `claim`: that the blob is there and the token used up;
/// - `abort`, `remove`: that it is gone;
/// - a chunk's `finish`: nothing yet, though it survives the process; ``UploadStatus/durableByteCount`` follows.
///
/// One store per data directory; the owner of the directory's lock sees to that. Safe from any thread.
package final class BlobStore: Sendable {
    /// An upload as far as this process knows it.
    enum Entry {
        case live(Upload)
        /// Being read from its directory; whoever wants it waits.
        case recovering(Task<Result<Upload, UploadError>, Never>)
        /// Its age is being looked at; whoever wants it waits, and then finds it gone or has it recovered.
        case aging(Task<Bool, Never>)
    }

    /// What an upload counts for as long as it is neither claimed nor gone.
    struct Holding {
        /// Whose it is; nil where nobody said, or an earlier process knew.
        var owner: String?
        /// The declared size.
        var byteCount: Int64 = 0
    }

    struct State {
        /// Every upload that has a directory, touched or not.
        var known: [BlobID: Holding] = [:]
        var entries: [BlobID: Entry] = [:]
        var isClosed = false
    }

    package let options: Options
    let shop: BlobWorkshop
    let state = NIOLockedValueBox(State())
    /// For everything that blocks and is not an upload's own.
    let queue = DispatchQueue(label: "ledge.blobs.disk", attributes: .concurrent)

    /// Opens the uploads and blobs below `directory`, the data directory, and makes what is missing; blocks.
    ///
    /// `space` is what the store of the same directory knows of its disk.
    package init(
        directory: String,
        options: Options = Options(),
        space: DiskSpace? = nil,
        on disk: any Disk
    ) throws(StorageError) {
        self.options = options
        let coreCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        shop = BlobWorkshop(
            paths: BlobPaths(directory),
            options: options,
            coreCount: coreCount,
            space: space,
            on: disk
        )
        try disk.ensureDirectory(shop.paths.uploads)
        try disk.ensureDirectory(shop.paths.blobs)
        let ids = try disk.list(shop.paths.uploads).compactMap(BlobID.init)
        var known = Dictionary(uniqueKeysWithValues: ids.map { ($0, Holding()) })
        if options.unfinishedByteCountMax != nil {
            for id in ids { known[id]?.byteCount = try UploadRecovery(id: id, shop: shop).declaredByteCount() }
        }
        state.withLockedValue { [known] in $0.known = known }
    }

    /// Makes durable what the unfinished uploads have received, and refuses everything from now on.
    package func close() async {
        let entries = state.withLockedValue { state in
            state.isClosed = true
            defer { state.entries = [:] }
            return state.entries
        }
        for entry in entries.values {
            switch entry {
            case .live(let upload): await upload.close()
            case .recovering(let task): if case .success(let upload) = await task.value { await upload.close() }
            case .aging(let task): _ = await task.value
            }
        }
    }
}

/// Uploads.
extension BlobStore {
    /// Begins an upload; it survives a power cut when this returns.
    ///
    /// `fileName` is what the client calls it and never part of a path. `byteCount` is the declared size, and 0 is one.
    /// `chunkByteCount` is the length the client wishes for its chunks; it is clamped. `owner` is whoever the limit for
    /// each counts it for, such as an address; a restart forgets it.
    ///
    /// - Throws: `.invalidFileName`, `.invalidByteCount`, `.fileTooLarge`, `.tooManyChunks`, `.tooManyUploads`,
    ///   `.tooManyUploadsOfOwner`, `.tooManyUnfinishedBytes`;
    ///   `.noSpace` where less is free than declared (what other uploads have still to send is not counted).
    package func begin(
        fileName: String,
        byteCount: Int64,
        chunkByteCount: Int? = nil,
        owner: String? = nil
    ) async throws(UploadError) -> UploadTicket {
        guard (1...1_024).contains(fileName.utf8.count) else { throw .invalidFileName }
        guard byteCount >= 0 else { throw .invalidByteCount(byteCount) }
        guard byteCount <= options.fileByteCountMax else {
            throw .fileTooLarge(byteCount: byteCount, byteCountMax: options.fileByteCountMax)
        }
        let wish = chunkByteCount ?? options.chunkByteCountDefault
        let chunkByteCount = min(max(wish, options.chunkByteCountMin), options.chunkByteCountMax)
        let chunkCount = Int((byteCount + Int64(chunkByteCount) - 1) / Int64(chunkByteCount))
        guard chunkCount <= options.chunkCountMax else {
            throw .tooManyChunks(count: chunkCount, countMax: options.chunkCountMax)
        }
        let id = try reserveID(Holding(owner: owner, byteCount: byteCount))
        let header = UploadJournal.Header(
            id: id,
            fileName: fileName,
            byteCount: byteCount,
            chunkByteCount: chunkByteCount,
            createdAt: options.clock()
        )
        do throws(UploadError) {
            let upload = try await queue.run { [shop] () throws(UploadError) in
                try shop.writing(UploadError.wrap(Self.make(header, in: shop)))
            }
            state.withLockedValue { $0.entries[id] = .live(upload) }
        } catch {
            forget(id)
            throw error
        }
        return UploadTicket(id: id.text, chunkByteCount: chunkByteCount, chunkCount: chunkCount)
    }

    /// Where an upload stands.
    ///
    /// - Throws: `.unknownUpload`, `.disk`; `.corrupt` for a complete file whose tail is damaged.
    package func status(_ id: String) async throws(UploadError) -> UploadStatus {
        try await upload(id).status
    }

    /// Admits a chunk, whose bytes then go to the receiver.
    ///
    /// - Throws: `.unknownUpload`, `.outOfOrder`, `.busy`, `.tooManyChunks`, `.alreadyComplete`, `.latched`, `.disk`.
    package func receive(
        _ id: String,
        chunk index: Int,
        expecting checksum: ChunkChecksum? = nil
    ) async throws(UploadError) -> ChunkReceiver {
        try await upload(id).receive(chunk: index, expecting: checksum)
    }

    /// Turns the chunks into one file that survives a power cut when this returns; asked again it answers the same.
    ///
    /// - Throws: `.unknownUpload`, `.incomplete`, `.busy`, `.latched`, `.noSpace`, `.disk`.
    package func complete(_ id: String) async throws(UploadError) -> CompletedUpload {
        try await upload(id).complete()
    }

    /// Removes an upload, complete or not, durably.
    ///
    /// - Throws: `.unknownUpload`, `.disk`.
    package func abort(_ id: String) async throws(UploadError) {
        let upload = try await upload(id)
        try await leaving(upload, await upload.abort())
    }

    /// Redeems the token of a complete upload: it becomes the blob of that id, durably, and the token is used up.
    ///
    /// Single use, so that no two documents share a blob and removing one cannot take it from the other. Whoever claims
    /// and then fails to write its document removes the blob, or leaves an orphan.
    ///
    /// - Throws: `.unknownToken`; `.noSpace`, `.disk`, after which it may be tried again; `.latched`, `.corrupt`.
    package func claim(_ token: String) async throws(UploadError) -> BlobDescription {
        let upload: Upload
        do throws(UploadError) {
            upload = try await self.upload(token)
        } catch .unknownUpload {
            throw .unknownToken
        }
        return try await leaving(upload, await upload.claim())
    }
}

/// Blobs.
extension BlobStore {
    /// Opens a stored file.
    ///
    /// - Throws: `.unknownBlob`, `.disk`, `.corrupt`.
    package func open(_ blobID: String) async throws(UploadError) -> BlobReader {
        guard let id = BlobID(blobID) else { throw .unknownBlob }
        return try await queue.run { [shop] () throws(UploadError) in
            do throws(StorageError) {
                return try BlobReader(id, at: shop.paths.blob(id), contexts: shop.contexts, on: shop.disk)
            } catch {
                throw error.isMissing ? .unknownBlob : .storage(error)
            }
        }
    }

    /// Removes a stored file, durably; readers that are open go on.
    ///
    /// - Throws: `.unknownBlob`, `.disk`.
    package func remove(_ blobID: String) async throws(UploadError) {
        guard let id = BlobID(blobID) else { throw .unknownBlob }
        try await queue.run { [shop] () throws(UploadError) in
            do throws(StorageError) {
                try shop.freeing(shop.disk.remove(shop.paths.blob(id)))
                try shop.disk.synchronizeDirectory(shop.paths.shelf(of: id))
            } catch {
                throw error.isMissing ? .unknownBlob : .storage(error)
            }
        }
    }
}
