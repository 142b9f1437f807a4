internal import Disk
internal import JSON
internal import TestSupport

@testable internal import Blobs

/// A data directory with one file that was uploaded in three chunks, at one stage of its lifetime.
struct BlobSample: Sendable {
    enum Moment: Sendable, CaseIterable {
        case receiving, complete, claimed
    }

    let moment: Moment
    let disk: FaultDisk
    let id: BlobID
    /// The sent content.
    let content: [UInt8]
    let chunkEnds: [Int]

    static let receiving = BlobSample(.receiving)
    static let complete = BlobSample(.complete)
    static let claimed = BlobSample(.claimed)

    static let directory = "data"

    /// The files of the upload, or the blob.
    var paths: [String] { disk.paths.filter { !$0.hasSuffix("/") } }

    static var options: BlobStore.Options {
        var options = BlobStore.Options()
        options.frameByteCount = 1_024
        options.chunkByteCountMin = 1
        options.clock = { Timestamp(microseconds: 1_795_000_000_000_000) }
        return options
    }

    private init(_ moment: Moment) {
        self.moment = moment
        // Half of each frame is compressible.
        var noise = SeededGenerator(seed: 7)
        content = [UInt8](repeating: 7, count: 1_500) + noise.bytes(count: 2_000) + [UInt8](repeating: 9, count: 1_500)
        chunkEnds = [1_800, 3_300, 5_000]
        let (content, chunkEnds) = (content, chunkEnds)
        (disk, id) = blocking {
            let disk = FaultDisk()
            try disk.createDirectory(Self.directory)
            let store = try BlobStore(directory: Self.directory, options: Self.options, on: disk)
            // Not a random id, so that an input has the same effect in every process.
            guard let id = BlobID("7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f") else { fatalError("it is an id") }
            let header = UploadJournal.Header(
                id: id,
                fileName: "seed.npz",
                byteCount: Int64(content.count),
                chunkByteCount: 2_000,
                createdAt: Self.options.clock()
            )
            let upload = try UploadDirectory(id: id, context: store.context).create(header)
            var start = 0
            for (index, end) in chunkEnds.enumerated() {
                let receiver = try await upload.receive(chunk: index, expecting: nil)
                try await receiver.take(content[start..<end])
                _ = try await receiver.finish()
                start = end
            }
            if moment != .receiving { _ = try await upload.complete() }
            if moment == .claimed { _ = try await upload.claim() }
            await upload.close()
            return (disk.copy(), id)
        }
    }
}
