internal import Concurrency
internal import Disk
internal import Glibc
internal import JSON
internal import NIOConcurrencyHelpers

/// The uploads that exist, and how they are found and forgotten.
extension BlobStore {
    /// Returns an upload, recovered from its directory if it is of an earlier process.
    ///
    /// - Throws: `.unknownUpload`, `.storage`; `.corrupt` for a complete file whose tail is damaged.
    package func upload(_ text: String) async throws(UploadError) -> Upload {
        guard let id = BlobID(text) else { throw .unknownUpload }
        if let upload = try recovered(id) { return upload }
        await locks.lock(text)
        defer { locks.unlock(text) }
        if let upload = try recovered(id) { return upload }
        let directory = UploadDirectory(id: id, context: context)
        let found = try await queue.run { () throws(UploadError) in try directory.recover() }
        guard let found else { throw .unknownUpload }
        state.withLockedValue { $0.uploads[id] = found }
        return found
    }

    /// Returns the uploads that are neither claimed nor deleted, the oldest first.
    ///
    /// One whose file is damaged is left out; ``conditions`` of the store and `ledge check` report it.
    ///
    /// - Throws: `.storage`.
    package func unfinishedUploads() async throws(UploadError) -> [UploadStatus] {
        var found: [UploadStatus] = []
        for id in state.withLockedValue({ $0.known.keys }) {
            do throws(UploadError) {
                found.append(try await upload(id.text).status)
            } catch {
                switch error {
                case .unknownUpload: continue
                case .storage(let cause) where cause.isCorrupt: continue
                default: throw error
                }
            }
        }
        return found.sorted { ($0.createdAt.microseconds, $0.id) < ($1.createdAt.microseconds, $1.id) }
    }

    /// Removes the uploads without activity in their lifetime, and returns their ids.
    ///
    /// One that cannot be read or removed stays until the next call.
    package func expireUploads() async -> [String] {
        var expired: [String] = []
        for id in state.withLockedValue({ $0.known.keys }).sorted(by: { $0.text < $1.text }) {
            do {
                if try await expire(id) { expired.append(id.text) }
            } catch {
                continue
            }
        }
        return expired
    }

    private func expire(_ id: BlobID) async throws(UploadError) -> Bool {
        await locks.lock(id.text)
        defer { locks.unlock(id.text) }
        if let upload = try recovered(id) { return try await leaving(upload, await upload.expire()) }
        let directory = UploadDirectory(id: id, context: context)
        let isRemoved = try await queue.run { () throws(UploadError) in
            try UploadError.wrap(directory.removeIfExpired())
        }
        if isRemoved { forget(id) }
        return isRemoved
    }

    /// Returns an upload of this process, or one that is recovered; nil if its directory is still to be read.
    private func recovered(_ id: BlobID) throws(UploadError) -> Upload? {
        let (isClosed, isKnown, upload) = state.withLockedValue { ($0.isClosed, $0.known[id] != nil, $0.uploads[id]) }
        if isClosed { throw .storage(.closed) }
        guard isKnown else { throw .unknownUpload }
        return upload
    }
}

extension BlobStore {
    /// Counts a new upload, if the limits allow it.
    func reserve(_ id: BlobID, _ holding: Holding) throws(UploadError) {
        let refusal = state.withLockedValue { state -> UploadError? in
            guard !state.isClosed else { return .storage(.closed) }
            guard state.known.count < options.unfinishedUploadCountMax else {
                return .tooManyUploads(countMax: options.unfinishedUploadCountMax)
            }
            if let countMax = options.unfinishedUploadCountPerOwnerMax, let owner = holding.owner,
                state.known.values.count(where: { $0.owner == owner }) >= countMax
            {
                return .tooManyUploadsOfOwner(countMax: countMax)
            }
            if let byteCountMax = options.unfinishedByteCountMax,
                state.known.values.reduce(holding.byteCount, { $0 + $1.byteCount }) > byteCountMax
            {
                return .tooManyUnfinishedBytes(byteCountMax: byteCountMax)
            }
            state.known[id] = holding
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Requires that the disk has space for a file.
    ///
    /// - Throws: `.tooLargeForDisk`, `.storage`.
    package func requireSpace(_ byteCount: Int64) async throws(UploadError) {
        try await queue.run { [context] () throws(UploadError) in
            let freeByteCount = try UploadError.wrap(context.disk.freeByteCount(context.paths.uploads))
            guard byteCount > freeByteCount else { return }
            context.space?.note(.disk(DiskError(call: .statvfs, path: context.paths.uploads, code: ENOSPC)))
            throw .tooLargeForDisk(byteCount: byteCount, freeByteCount: freeByteCount)
        }
    }

    /// Counts what has arrived of an upload that did not declare its size, if the limit allows it.
    ///
    /// - Throws: `.tooManyUnfinishedBytes`.
    func count(_ byteCount: Int64, of upload: Upload) throws(UploadError) {
        let isAllowed = state.withLockedValue { state in
            guard let holding = state.known[upload.blobID] else { return true }
            let sum = state.known.values.reduce(byteCount - holding.byteCount) { $0 + $1.byteCount }
            if let byteCountMax = options.unfinishedByteCountMax, sum > byteCountMax { return false }
            state.known[upload.blobID]?.byteCount = byteCount
            return true
        }
        guard isAllowed else { throw .tooManyUnfinishedBytes(byteCountMax: options.unfinishedByteCountMax ?? .max) }
    }

    /// Creates a new upload on disk, or leaves nothing of it; blocks.
    static func create(_ header: UploadJournal.Header, in context: BlobContext) throws(StorageError) -> Upload {
        do {
            return try UploadDirectory(id: header.id, context: context).create(header)
        } catch {
            // What cannot be removed either was never acknowledged, and expires.
            do { try context.disk.removeTree(context.paths.upload(header.id)) } catch {}
            throw error
        }
    }

    func forget(_ id: BlobID) {
        state.withLockedValue { state in
            state.known[id] = nil
            state.uploads[id] = nil
        }
    }

    /// Runs a step after which an upload may be gone, and then forgets it.
    ///
    /// If it is gone but its files could not all be removed, the next request for it recovers what is left.
    func leaving<Value: Sendable>(
        _ upload: Upload,
        _ step: @autoclosure () async throws(UploadError) -> Value
    ) async throws(UploadError) -> Value {
        do throws(UploadError) {
            let value = try await step()
            if upload.isGone { forget(upload.blobID) }
            return value
        } catch {
            if upload.isGone { state.withLockedValue { $0.uploads[upload.blobID] = nil } }
            throw error
        }
    }
}
