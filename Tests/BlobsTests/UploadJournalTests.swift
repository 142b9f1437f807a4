import JSON
import Testing

@testable import Blobs

struct UploadJournalTests {
    static let id = BlobID("7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f")

    let header: UploadJournal.Header
    let chunks: [UploadJournal.Chunk]
    let bytes: [UInt8]
    let ends: [Int]

    init() throws {
        let id = try #require(Self.id)
        let at = Timestamp(microseconds: 1_795_000_000_000_000)
        header = .init(id: id, fileName: "a \"b\".npz", byteCount: 12, chunkByteCount: 10, createdAt: at)
        let frames = [UploadJournal.Chunk.Frame(storedByteCount: 9, contentByteCount: 6)]
        let digest = String(repeating: "0f", count: 16)
        chunks = [
            .init(
                index: 0,
                byteCount: 12,
                storedEnd: 18,
                frames: frames + frames,
                digest: digest,
                durableChunkCount: 0,
                at: at
            ),
            .init(
                index: 1,
                byteCount: 0,
                storedEnd: 18,
                frames: [],
                digest: digest,
                durableChunkCount: 1,
                at: at.advanced(by: .seconds(1))
            ),
        ]
        var bytes = UploadJournal.line(header)
        var ends = [bytes.count]
        for chunk in chunks {
            bytes += UploadJournal.line(chunk, of: id, at: Int64(bytes.count))
            ends.append(bytes.count)
        }
        self.bytes = bytes
        self.ends = ends
    }

    private func parse(_ bytes: [UInt8]) throws -> UploadJournal.Contents? {
        UploadJournal.parse(bytes, of: try #require(Self.id))
    }

    @Test func writtenJournalIsReadBack() throws {
        let contents = try #require(try parse(bytes))
        #expect(contents.header == header)
        #expect(contents.chunks == chunks)
        #expect(contents.chunkOffsets == ends.dropLast().map(Int64.init))
        #expect(contents.end == Int64(bytes.count))
        #expect(contents.fault == nil)
        #expect(contents.lastActivity == chunks[1].at)
    }

    @Test func linesHaveTheDocumentedShape() {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(
            lines[0].hasPrefix(
                #"{"format":1,"upload_id":"7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f","file_name":"a \"b\".npz","#
                    + #""file_size":12,"chunk_size":10,"created_at":"2026-11-18T11:06:40.000000Z","xxh3":""#
            )
        )
        #expect(
            lines[1].hasPrefix(
                #"{"chunk":0,"bytes":12,"stored_end":18,"frames":[[9,6],[9,6]],"#
                    + #""digest":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","durable":0,"at":"2026-11-18T11:06:40.000000Z","xxh3":""#
            )
        )
    }

    @Test func everyTruncationKeepsTheWholeLinesBeforeIt() throws {
        for length in 0..<bytes.count {
            let contents = try parse(Array(bytes.prefix(length)))
            let whole = ends.filter { $0 <= length }
            #expect(contents?.chunks.count == (whole.isEmpty ? nil : whole.count - 1), "\(length)")
            #expect(contents?.end == whole.last.map(Int64.init))
            #expect(contents?.fault == (whole.isEmpty || whole.last == length ? nil : .torn))
        }
    }

    @Test func everyFlippedBitEndsTheJournalAtItsLine() throws {
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << (bit % 8)
            let line = ends.filter { $0 <= bit / 8 }.count
            let contents = try parse(damaged)
            #expect(contents?.chunks.count == (line == 0 ? nil : line - 1), "bit \(bit)")
            #expect(line == 0 || contents?.fault != nil)
        }
    }

    @Test func laterLineReportsDurableChunksBeforeADamagedOne() throws {
        let id = try #require(Self.id)
        #expect(UploadJournal.durableChunkCount(bytes, of: id) == 1)
        #expect(UploadJournal.durableChunkCount(Array(bytes.prefix(ends[1])), of: id) == 0)
        #expect(UploadJournal.durableChunkCount(Array(bytes.prefix(ends[0])), of: id) == nil)
        for line in 0...1 {
            var damaged = bytes
            damaged[ends[line] - 5] ^= 1
            #expect(UploadJournal.durableChunkCount(damaged, of: id) == 1)
        }
    }

    @Test func lineOfAnotherUploadIsNoContinuation() throws {
        let id = try #require(Self.id)
        let other = try #require(BlobID("00000000-92f4-4d07-8a53-0f6cbb1d2e3f"))
        let first = UploadJournal.line(header)
        let foreign = UploadJournal.line(chunks[0], of: other, at: Int64(first.count))
        #expect(try parse(first + foreign)?.fault == .damaged)
        let moved = UploadJournal.line(chunks[0], of: id, at: Int64(first.count) + 1)
        #expect(try parse(first + moved)?.fault == .damaged)
        let skipping = UploadJournal.Chunk(
            index: 1,
            byteCount: 0,
            storedEnd: 0,
            frames: [],
            digest: chunks[0].digest,
            durableChunkCount: 0,
            at: header.createdAt
        )
        let early = UploadJournal.line(skipping, of: id, at: Int64(first.count))
        #expect(try parse(first + early)?.fault == .outOfOrder)
        #expect(UploadJournal.parse(bytes, of: other) == nil)
    }

    /// A line may match its checksum and contain impossible counts; it is then no continuation.
    @Test(
        arguments: [
            (1, "1,1"), (-1, "1,1"), (0, "9223372036854775807,1"), (0, "1,9223372036854775807"), (0, "1,4294967296"),
        ]
    )
    func lineWithImpossibleCountsIsOutOfOrder(_ durableChunkCount: Int, _ frame: String) throws {
        let id = try #require(Self.id)
        let first = UploadJournal.line(header)
        let text =
            #"{"chunk":0,"bytes":2,"stored_end":2,"frames":[[1,1],[\#(frame)]],"digest":"","#
            + #""durable":\#(durableChunkCount),"at":"2026-11-18T11:06:40.000000Z"}"#
        let object = try #require(try JSON(parsing: text.utf8).object)
        let line = CheckedLine.seal(object, seed: XXH3.hash64(id.text) &+ UInt64(first.count))
        let isSensible = durableChunkCount == 1 && frame == "1,1"
        #expect(try parse(first + line)?.fault == (isSensible ? nil : .outOfOrder))
    }

    /// A build that knows format 1 only must not take such an upload for a complete one.
    @Test func headerWithoutASizeIsOfFormat4() throws {
        let unknown = UploadJournal.Header(
            id: header.id,
            fileName: "a",
            byteCount: nil,
            chunkByteCount: 10,
            createdAt: header.createdAt
        )
        let line = UploadJournal.line(unknown)
        #expect(String(decoding: line, as: UTF8.self).hasPrefix(#"{"format":4,"#))
        #expect(try parse(line)?.header == unknown)
    }

    /// A forged header may match its checksum; the number of chunks must be computable from it.
    @Test(arguments: [(-1, 10), (12, 0), (12, -1), (.max, 10), (12, .max)] as [(Int64, Int)])
    func impossibleLengthIsNoHeader(_ byteCount: Int64, _ chunkByteCount: Int) throws {
        let header = UploadJournal.Header(
            id: header.id,
            fileName: "a",
            byteCount: byteCount,
            chunkByteCount: chunkByteCount,
            createdAt: header.createdAt
        )
        #expect(try parse(UploadJournal.line(header)) == nil)
    }
}
