internal import Concurrency
internal import Disk
internal import Glibc
internal import JSON
internal import NIOConcurrencyHelpers

/// Which uploads there are, and how they come and go.
extension BlobStore {
    /// Returns an upload, recovered from its directory where this process has not touched it yet.
    func upload(_ text: String) async throws(UploadError) -> Upload {
        guard let id = BlobID(text) else { throw .unknownUpload }
        let entry = state.withLockedValue { state -> Result<Entry, UploadError> in
            guard !state.isClosed else { return .failure(.storage(.closed)) }
            guard state.known[id] != nil else { return .failure(.unknownUpload) }
            if let entry = state.entries[id] { return .success(entry) }
            let entry = Entry.recovering(Task { await self.recover(id) })
            state.entries[id] = entry
            return .success(entry)
        }
        switch try entry.get() {
        case .live(let upload): return upload
        case .recovering(let task): return try await task.value.get()
        case .aging(let task):
            _ = await task.value
            return try await upload(text)
        }
    }

    /// Removes the uploads nothing has happened to for their lifetime, and returns their ids.
    ///
    /// One that cannot be read or removed stays, and is tried again the next time.
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
        let entry = state.withLockedValue { state -> Entry? in
            guard !state.isClosed, state.known[id] != nil else { return nil }
            if let entry = state.entries[id] { return entry }
            let entry = Entry.aging(Task { await self.removeIfExpired(id) })
            state.entries[id] = entry
            return entry
        }
        switch entry {
        case nil, .recovering: return false
        case .aging(let task): return await task.value
        case .live(let upload):
            return try await leaving(upload, await upload.expire())
        }
    }

    /// Removes an upload this process has not touched, where its time is up: nothing but its journal is read.
    private func removeIfExpired(_ id: BlobID) async -> Bool {
        let isRemoved = await queue.run { [shop] in
            do {
                let lastActivity = try UploadRecovery(id: id, shop: shop).lastActivity()
                guard lastActivity.advanced(by: shop.options.uploadLifetime) <= shop.options.clock() else {
                    return false
                }
                try UploadDeparture(id, shop: shop).remove()
                return true
            } catch {
                return false
            }
        }
        state.withLockedValue { state in
            if isRemoved { state.known[id] = nil }
            state.entries[id] = nil
        }
        return isRemoved
    }

    /// Reads an upload from its directory.
    private func recover(_ id: BlobID) async -> Result<Upload, UploadError> {
        let result = await queue.run { [shop] in
            Result { () throws(UploadError) in try UploadRecovery(id: id, shop: shop).run() }
        }
        return state.withLockedValue { state in
            state.entries[id] = nil
            switch result {
            case .failure(let error): return .failure(error)
            case .success(nil): return .failure(.unknownUpload)
            case .success(let upload?):
                state.entries[id] = .live(upload)
                return .success(upload)
            }
        }
    }
}

extension BlobStore {
    /// Counts a new upload, where there is room for what it holds.
    func reserveID(_ holding: Holding) throws(UploadError) -> BlobID {
        guard let id = BlobID(UniqueID.random()) else { preconditionFailure("a unique id is an id") }
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
        return id
    }

    /// Makes a new upload on disk, or leaves nothing of it; blocks.
    static func make(_ header: UploadJournal.Header, in shop: BlobWorkshop) throws(StorageError) -> Upload {
        let freeByteCount = try shop.disk.freeByteCount(shop.paths.uploads)
        guard header.byteCount <= freeByteCount else {
            throw .disk(DiskError(call: .statvfs, path: shop.paths.uploads, code: ENOSPC))
        }
        do {
            return try UploadRecovery(id: header.id, shop: shop).begin(header)
        } catch {
            // What cannot be removed either was never answered, and expires.
            do { try shop.disk.removeTree(shop.paths.upload(header.id)) } catch {}
            throw error
        }
    }

    func forget(_ id: BlobID) {
        state.withLockedValue { state in
            state.known[id] = nil
            state.entries[id] = nil
        }
    }

    /// Runs a step that may take an upload away, and forgets the upload when it has.
    ///
    /// Where the upload has left but its files could not all be removed, the next touch finds out what is left.
    func leaving<Value: Sendable>(
        _ upload: Upload,
        _ step: @autoclosure () async throws(UploadError) -> Value
    ) async throws(UploadError) -> Value {
        do throws(UploadError) {
            let value = try await step()
            if upload.hasLeft { forget(upload.id) }
            return value
        } catch {
            if upload.hasLeft { state.withLockedValue { $0.entries[upload.id] = nil } }
            throw error
        }
    }
}
