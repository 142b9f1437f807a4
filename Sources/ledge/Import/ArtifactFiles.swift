internal import Blobs
internal import Catalog
internal import Disk
internal import Federation
internal import JSON
internal import NIOCore
internal import Store

/// The files of models and packages to import: the objects of FEDn's buckets, copied to a directory.
///
/// A file is in the directory, or in a directory in it, such as `fedn-models`.
struct ArtifactFiles: Sendable {
    private static let pieceByteCount = 1 << 20

    private let directories: [String]
    private let storage: (artifacts: ArtifactImport, blobs: BlobStore)?

    /// Lists the directory; without a network, it is only verified that the files exist.
    init(in directory: String, of resource: Resource, into network: FederatedNetwork?) throws(CommandFailure) {
        let disk = PosixDisk()
        guard try CommandFailure.wrap(disk.entry(directory))?.kind == .directory else {
            throw CommandFailure("--files: \(directory) is not a directory")
        }
        var directories = [directory]
        for name in try CommandFailure.wrap(disk.list(directory)).sorted() {
            let path = "\(directory)/\(name)"
            if try CommandFailure.wrap(disk.entry(path))?.kind == .directory { directories.append(path) }
        }
        self.directories = directories
        storage = network.map { (ArtifactImport(of: resource, into: $0), $0.blobs) }
    }

    /// Stores a document with its file; returns why it was refused, if it was.
    func store(_ document: JSONObject, keepingTimes: Bool) async throws(StoreError) -> StoreError? {
        do {
            guard let storage else {
                let name = ArtifactImport.objectName(of: document)
                return try path(of: name) == nil ? ArtifactImport.missing(name) : nil
            }
            return try await storage.artifacts.store(document, keepingTimes: keepingTimes) { name in
                guard let path = try path(of: name) else { return nil }
                return try await Self.upload(path, as: name, to: storage.blobs)
            }
        } catch let error as StoreError {
            throw error
        } catch let error as UploadError {
            if let error = error.storageError { throw .storage(error) }
            return .refused(reason: Self.text(of: error))
        } catch let error as StorageError {
            throw .storage(error)
        } catch {
            return .refused(reason: "\(error)")
        }
    }

    /// Returns the path of an object; nil if it is in none of the directories.
    private func path(of name: String) throws(StorageError) -> String? {
        // The name is part of a document: it must not lead out of the directory.
        guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else { return nil }
        for directory in directories {
            let path = "\(directory)/\(name)"
            if try PosixDisk().entry(path)?.kind == .file { return path }
        }
        return nil
    }

    /// Stores a file as an upload; it is removed if the file cannot be read.
    private static func upload(_ path: String, as name: String, to blobs: BlobStore) async throws -> CompletedUpload {
        let file = try LocalFile(path)
        let intake = try await BlobIntake(fileName: name, byteCount: file.byteCount, blobs: blobs)
        do {
            var offset: Int64 = 0
            while offset < file.byteCount {
                let piece = try file.bytes(at: offset, count: pieceByteCount)
                try await intake.take(Array(piece.readableBytesView))
                offset += Int64(piece.readableBytes)
            }
            return try await intake.finish()
        } catch {
            await intake.abort()
            throw error
        }
    }

    private static func text(of error: UploadError) -> String {
        switch error {
        case .tooLargeForDisk(let byteCount, let freeByteCount):
            "its file has \(byteCount) bytes, but only \(freeByteCount) are free on the disk"
        default: "its file cannot be stored"
        }
    }
}
