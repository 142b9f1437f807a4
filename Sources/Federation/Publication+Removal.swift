internal import Blobs
internal import Catalog
internal import Index
internal import JSON
internal import Store

/// Removal: first the document, then the blob it owns.
///
/// Before both, the removal is stored in a collection of its own. So a crash, or a disk that fails, in between leaves
/// either a document with its blob, or a blob that ``finishRemovals()`` removes.
extension Publication {
    private var removals: DocumentCollection { store.collection(Resource.removals.name) }

    /// Deletes a document, then its blob; the deletion is durable when this returns.
    ///
    /// Downloads that have begun continue. If the blob cannot be removed now, ``finishRemovals()`` removes it. On a full
    /// disk it uses the reserve.
    ///
    /// - Precondition: The documents own permanent blobs.
    /// - Throws: `StoreError.notFound`, errors of storage; `UploadError.busy` if another task is using the blob.
    func remove(_ id: String, from documents: ResourceCollection) async throws {
        guard let path = documents.resource.blob?.path else { preconditionFailure("the documents own no blobs") }
        let blobID = try JSON.object(documents.document(id).object)[path: path]?.string ?? ""
        try await withClaim(on: blobID) {
            _ = try await removals.put(["blob_id": .string(blobID), "document_id": .string(id)], frees: true)
            try await documents.collection.delete(id)
            // What fails from here on is repeated by `finishRemovals`.
            do { try await removeBlob(blobID) } catch {}
        }
    }

    /// Finishes removals that were interrupted, and returns the ids of their blobs.
    ///
    /// A blob that a document owns stays. Nothing is removed while a collection of owners is damaged, because owners may
    /// be missing, or latched, because the next start decides which documents are deleted.
    package func finishRemovals() async throws -> [String] {
        let owners = Resource.all.filter { $0.blob != nil }.map { store.collection($0.name) }
        guard owners.allSatisfy({ $0.damage.isEmpty && !$0.isLatched }) else { return [] }
        let query = Query(limit: Self.removalCountMax)
        let pending = try await onThreadPool { try removals.list(query).documents.map(\.id) }
        var finished: [String] = []
        for blobID in pending {
            do {
                try await withClaim(on: blobID) {
                    if try await onThreadPool({ try isOwned(blobID) }) { return try await removals.delete(blobID) }
                    try await removeBlob(blobID)
                    finished.append(blobID)
                }
            } catch UploadError.busy {
                // It is being removed by another task.
            }
        }
        return finished
    }

    private static var removalCountMax: Int { 1_000 }

    /// Removes a blob, and then the record of its removal.
    private func removeBlob(_ blobID: String) async throws {
        do { try await blobs.remove(blobID) } catch UploadError.unknownBlob {}
        try await removals.delete(blobID)
    }
}
