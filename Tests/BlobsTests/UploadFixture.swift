import Blobs
import Disk
import JSON
import NIOConcurrencyHelpers
import TestSupport

/// A clock that is advanced by tests only.
final class StillClock: Sendable {
    private let box = NIOLockedValueBox(Timestamp(microseconds: 1_795_000_000_000_000))

    var now: Timestamp { box.withLockedValue { $0 } }

    func advance(by duration: Duration) {
        box.withLockedValue { $0 = $0.advanced(by: duration) }
    }
}

/// A store on a disk of its own, with small frames, so that small files have many of them.
struct UploadFixture: Sendable {
    static let frameByteCount = 1_024

    let disk: FaultDisk
    let store: BlobStore
    let clock: StillClock

    var paths: BlobPaths { BlobPaths("data") }

    /// Opens a store as a new process does.
    init(
        on disk: FaultDisk = FaultDisk(),
        clock: StillClock = StillClock(),
        space: DiskSpace? = nil,
        _ change: (inout BlobStore.Options) -> Void = { _ in }
    ) throws {
        self.disk = disk
        self.clock = clock
        var options = BlobStore.Options()
        options.frameByteCount = Self.frameByteCount
        options.chunkByteCountMin = 1
        options.clock = { clock.now }
        change(&options)
        if try disk.entry("data") == nil {
            try disk.createDirectory("data")
            try disk.synchronizeDirectory(".")
        }
        store = try BlobStore(directory: "data", options: options, space: space, on: disk)
    }

    /// Opens the store of the next process, after this one was killed.
    func afterKill() throws -> UploadFixture {
        try UploadFixture(on: disk.processKill(), clock: clock)
    }

    /// Opens the store of the next process after a power cut.
    func afterPowerCut(keeping survival: Survival) throws -> UploadFixture {
        try UploadFixture(on: disk.powerCut(keeping: survival), clock: clock)
    }

    func begin(_ byteCount: Int) async throws -> String {
        try await store.begin(fileName: "seed.npz", byteCount: Int64(byteCount)).id
    }

    @discardableResult
    func send(_ bytes: some Collection<UInt8>, to id: String, chunk index: Int) async throws -> ChunkReceipt {
        let receiver = try await store.upload(id).receive(chunk: index)
        do {
            try await receiver.take(Array(bytes))
            return try await receiver.finish()
        } catch {
            await receiver.cancel()
            throw error
        }
    }

    /// Uploads a whole file in chunks of a length, without claiming it.
    func upload(_ content: [UInt8], chunkByteCount: Int = 3_000) async throws -> CompletedUpload {
        let id = try await begin(content.count)
        try await send(content, inChunksOf: chunkByteCount, to: id)
        return try await store.upload(id).complete()
    }

    func send(_ content: [UInt8], inChunksOf chunkByteCount: Int, to id: String) async throws {
        for (index, start) in stride(from: 0, to: content.count, by: chunkByteCount).enumerated() {
            try await send(content[start..<min(start + chunkByteCount, content.count)], to: id, chunk: index)
        }
    }

    /// Returns all violations that `check` finds.
    func violations() throws -> [Corruption] {
        try BlobCheck.entries(in: "data", on: disk).flatMap { try BlobCheck.check($0, on: disk).violations }
    }

    /// The whole content of a blob, frame by frame.
    func content(of id: String) async throws -> [UInt8] {
        let reader = try await store.open(id)
        var content: [UInt8] = []
        for index in 0..<reader.frameCount { content += try reader.frame(index) }
        return content
    }
}

extension ChunkReceiver {
    /// Receives bytes in pieces whose length does not divide a frame's.
    func take(_ bytes: [UInt8], pieceByteCount: Int = 700) async throws(UploadError) {
        var start = 0
        while start < bytes.count {
            let end = min(start + pieceByteCount, bytes.count)
            let result = bytes[start..<end].withUnsafeBytes { piece in
                Result { () throws(UploadError) in try fill(piece) }
            }
            start += try result.get()
            if isFull { try await flush() }
        }
    }
}

/// Returns compressible runs mixed with incompressible noise.
func mixedBytes(count: Int, seed: UInt64 = SeededGenerator.runSeed) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    while bytes.count < count {
        if Bool.random(using: &generator) {
            bytes += [UInt8](repeating: UInt8.random(in: 0...255, using: &generator), count: 1_500)
        } else {
            bytes += generator.bytes(count: 1_500)
        }
    }
    return Array(bytes.prefix(count))
}
