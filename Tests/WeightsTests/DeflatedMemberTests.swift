import TestSupport
import Testing

@testable import Weights

/// Accepted and rejected deflate streams.
///
/// The stream is built by hand: one stored block (RFC 1951, section 3.2.4).
struct DeflatedMemberTests {
    static let content = Array("twelve bytes".utf8)

    /// The content as a deflate stream of one block.
    static let stream: [UInt8] = [1, 12, 0, 0xf3, 0xff] + content

    func rejection(
        _ stored: [UInt8],
        byteCount: Int = 12,
        checksum: UInt32 = CRC32.of(Self.content)
    ) -> WeightsError? {
        var member = ZipLayout.Member("x", byteCount: Int64(byteCount), checksum: checksum)
        member.isDeflated = true
        member.storedByteCount = Int64(stored.count)
        let layout = ZipLayout([member])
        let bytes = layout.members[0].localHeader + stored + layout.directory(checksums: [0])
        return WeightsTests.rejection { () throws(WeightsError) in
            let archive = try ZipArchive(MemorySource(bytes), limits: .default)
            let reader = try MemberReader(archive.members[0], of: archive)
            try reader.skip(reader.remainingByteCount)
        }
    }

    @Test func completeStreamIsRead() {
        #expect(rejection(Self.stream) == nil)
    }

    @Test func streamLongerThanDeclaredIsRejected() {
        #expect(
            rejection(Self.stream, byteCount: 11, checksum: CRC32.of(Array(Self.content.dropLast())))
                == .member("x", .declaredByteCount(11))
        )
    }

    @Test func streamShorterThanDeclaredIsRejected() {
        #expect(rejection(Self.stream, byteCount: 13) == .member("x", .declaredByteCount(13)))
    }

    @Test func truncatedStreamsAreRejected() {
        for count in Self.stream.indices {
            #expect(rejection(Array(Self.stream.prefix(count))) != nil, "\(count) bytes")
        }
    }

    @Test func bytesAfterTheStreamAreRejected() {
        guard case .member("x", .deflate) = rejection(Self.stream + [0]) else {
            Issue.record("\(String(describing: rejection(Self.stream + [0])))")
            return
        }
    }

    @Test func emptyStreamIsVerified() {
        #expect(rejection([3, 0], byteCount: 0, checksum: 0) == nil)
        #expect(rejection([3, 0], byteCount: 0, checksum: 1) == .member("x", .checksum(expected: 1, found: 0)))
        #expect(rejection(Self.stream, byteCount: 0, checksum: 0) == .member("x", .declaredByteCount(0)))
    }

    /// A size that so short a stream cannot have is rejected before memory is allocated.
    @Test func impossibleSizeIsRejected() {
        #expect(rejection(Self.stream, byteCount: 1 << 20) == .member("x", .declaredByteCount(1 << 20)))
    }

    @Test func randomBytesAreRejected() {
        var random = SeededGenerator()
        for _ in 0..<300 {
            let bytes = random.bytes(count: Int.random(in: 1...200, using: &random))
            #expect(rejection(bytes) != nil, "SEED=\(SeededGenerator.runSeed)")
        }
    }
}
