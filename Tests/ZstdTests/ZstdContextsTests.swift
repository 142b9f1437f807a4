import Dispatch
import TestSupport
import Testing
import Zstd

struct ZstdContextsTests {
    let contexts = ZstdContexts()

    @Test(arguments: GoldenFrame.all)
    func framesOfTheZstdCommandAreDecompressed(_ frame: GoldenFrame) {
        #expect(contexts.decompress(frame.stored, contentByteCount: frame.content.count) == frame.content)
    }

    @Test(arguments: [1, 2, 100, 8_192, 131_072, 131_073, 262_144], [1, 3, 19] as [Int32])
    func contentComesBack(_ count: Int, _ level: Int32) throws {
        let content = mixedContent(count: count)
        let stored = try #require(contexts.compress(content, level: level))
        let extent = stored.withUnsafeBytes { FrameExtent(of: $0) }
        #expect(extent?.storedByteCount == stored.count)
        #expect(extent?.contentByteCount == count)
        #expect(stored.littleEndian(at: stored.count - 4) == content.withUnsafeBytes(FrameChecksum.of))
        #expect(contexts.decompress(stored, contentByteCount: count) == content, "SEED=\(SeededGenerator.runSeed)")
    }

    @Test func emptyContentComesBack() throws {
        let stored = try #require(contexts.compress([]))
        #expect(contexts.decompress(stored, contentByteCount: 0) == [])
    }

    @Test func anOutputThatIsTooSmallIsRefused() throws {
        let content = mixedContent(count: 200)
        let byteCount = try #require(contexts.compress(content)).count
        for capacity in 0..<byteCount { #expect(contexts.compress(content, capacity: capacity) == nil) }
        // The context is as good as new.
        #expect(contexts.compress(content)?.count == byteCount)
    }

    @Test(arguments: GoldenFrame.all)
    func everyTruncatedFrameIsRefused(_ frame: GoldenFrame) {
        for length in 0..<frame.stored.count {
            let stored = Array(frame.stored.prefix(length))
            #expect(contexts.decompress(stored, contentByteCount: frame.content.count) == nil, "\(length) bytes")
        }
    }

    @Test(arguments: GoldenFrame.all)
    func noFlippedBitChangesTheContent(_ frame: GoldenFrame) {
        let checksum = (frame.stored.count - 4) * 8..<frame.stored.count * 8
        for bit in 0..<frame.stored.count * 8 {
            let content = contexts.decompress(flipped(frame.stored, bit: bit), contentByteCount: frame.content.count)
            #expect(content == nil || (content == frame.content && !checksum.contains(bit)), "bit \(bit)")
            #expect(contexts.decompress(frame.stored, contentByteCount: frame.content.count) == frame.content)
        }
    }

    @Test(arguments: GoldenFrame.all)
    func anotherLengthOfStoredBytesIsRefused(_ frame: GoldenFrame) {
        for following in [[0], frame.stored, SeekTableTests.bytes] {
            #expect(contexts.decompress(frame.stored + following, contentByteCount: frame.content.count) == nil)
        }
    }

    @Test(arguments: GoldenFrame.all)
    func anotherLengthOfContentIsRefused(_ frame: GoldenFrame) {
        for count in [0, frame.content.count - 1, frame.content.count + 1, 1 << 16] {
            #expect(contexts.decompress(frame.stored, contentByteCount: count) == nil)
        }
    }

    @Test(arguments: GoldenFrame.all)
    func theChecksumIsIgnoredOnlyWhereThatIsRequested(_ frame: GoldenFrame) {
        let damaged = flipped(frame.stored, bit: frame.stored.count * 8 - 1)
        for verifying in [false, true, false, true] {
            let content = contexts.decompress(damaged, contentByteCount: frame.content.count, verifying: verifying)
            #expect(content == (verifying ? nil : frame.content))
        }
    }

    @Test func threadsShareContexts() {
        let content = mixedContent(count: 20_000)
        DispatchQueue.concurrentPerform(iterations: 64) { _ in
            let stored = contexts.compress(content) ?? []
            #expect(contexts.decompress(stored, contentByteCount: content.count) == content)
        }
    }
}
