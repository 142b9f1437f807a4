import TestSupport
import Testing

@testable import Weights

/// What a deflated stream may and may not do.
///
/// The stream is made by hand: one stored block (RFC 1951, section 3.2.4).
struct DeflatedMemberTests {
    static let content = Array("twelve bytes".utf8)

    /// The content as a stream of one block.
    static let stream: [UInt8] = [1, 12, 0, 0xf3, 0xff] + content

    func refusal(
        _ stored: [UInt8],
        byteCount: Int = 12,
        checksum: UInt32 = CRC32.of(Self.content)
    ) -> WeightsError? {
        var member = ZipLayout.Member("x", byteCount: Int64(byteCount), checksum: checksum)
        member.isDeflated = true
        member.storedByteCount = Int64(stored.count)
        let layout = ZipLayout([member])
        let bytes = layout.members[0].localHeader + stored + layout.directory(checksums: [0])
        return WeightsTests.refusal { () throws(WeightsError) in
            let archive = try ZipArchive(MemorySource(bytes), limits: .default)
            let reader = try MemberReader(archive.members[0], of: archive)
            try reader.skip(reader.remainingByteCount)
        }
    }

    @Test func aWholeStreamIsRead() {
        #expect(refusal(Self.stream) == nil)
    }

    @Test func aStreamThatGoesOnIsCutAtItsDeclaredSize() {
        #expect(
            refusal(Self.stream, byteCount: 11, checksum: CRC32.of(Array(Self.content.dropLast())))
                == .member("x", .declaredByteCount(11))
        )
    }

    @Test func aStreamThatEndsEarlyIsRefused() {
        #expect(refusal(Self.stream, byteCount: 13) == .member("x", .declaredByteCount(13)))
    }

    @Test func everyTruncatedStreamIsRefused() {
        for count in Self.stream.indices { #expect(refusal(Array(Self.stream.prefix(count))) != nil, "\(count) bytes") }
    }

    @Test func bytesAfterTheStreamAreRefused() {
        guard case .member("x", .deflate) = refusal(Self.stream + [0]) else {
            Issue.record("\(String(describing: refusal(Self.stream + [0])))")
            return
        }
    }

    @Test func anEmptyStreamIsVerified() {
        #expect(refusal([3, 0], byteCount: 0, checksum: 0) == nil)
        #expect(refusal([3, 0], byteCount: 0, checksum: 1) == .member("x", .checksum(expected: 1, found: 0)))
        #expect(refusal(Self.stream, byteCount: 0, checksum: 0) == .member("x", .declaredByteCount(0)))
    }

    /// A size that no stream so short can have is refused before anything is allocated for it.
    @Test func anImpossibleSizeIsRefused() {
        #expect(refusal(Self.stream, byteCount: 1 << 20) == .member("x", .declaredByteCount(1 << 20)))
    }

    @Test func noiseIsRefused() {
        var random = SeededGenerator()
        for _ in 0..<300 {
            let bytes = random.bytes(count: Int.random(in: 1...200, using: &random))
            #expect(refusal(bytes) != nil, "SEED=\(SeededGenerator.runSeed)")
        }
    }
}
