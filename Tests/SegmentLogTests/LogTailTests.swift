internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct LogTailTests {
    @Test func newestLinesAreReadWithoutACall() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk)
        for id in 0..<100 { try await log.append("a\(id)", byteCount: 100) }
        disk.fail(.pread, with: 5)
        disk.fail(.open, with: 5)
        for record in log.applied {
            #expect(String(decoding: try log.log.read(record.pointer), as: UTF8.self).contains(record.members))
        }
    }

    /// Groups of any length, in any number of segments: the tail contains what was appended.
    @Test func everyBlockMatchesTheLog() {
        var generator = SeededGenerator()
        for _ in 0..<20 {
            let tail = LogTail()
            var position = LogPosition(segment: 1)
            var content: [UInt8] = []
            for _ in 0..<60 {
                if Int.random(in: 0..<20, using: &generator) == 0 {
                    position = LogPosition(segment: position.segment + 7)
                    content = []
                }
                let count = [10, 500, 40_000, 300_000, 700_000].randomElement(using: &generator) ?? 0
                let group = [UInt8](repeating: .random(in: 0...255, using: &generator), count: count)
                tail.append(group, at: position)
                content += group
                position.offset += Int64(count)
                Self.expectBlocks(of: tail, position.segment, content, &generator)
            }
        }
    }

    private static func expectBlocks(
        of tail: LogTail,
        _ segment: UInt64,
        _ content: [UInt8],
        _ generator: inout SeededGenerator
    ) {
        let seed: Comment = "SEED=\(SeededGenerator.runSeed)"
        for _ in 0..<20 {
            let offset = Int.random(in: 0..<content.count, using: &generator)
            let byteCount = Int.random(in: 1...content.count - offset, using: &generator)
            let pointer = RecordPointer(
                segment: SegmentID(first: segment),
                offset: UInt32(offset),
                byteCount: UInt32(byteCount)
            )
            guard let block = tail.block(at: pointer, byteCount: 1 << 14) else {
                #expect(content.count - offset > 10, seed)
                continue
            }
            let count = min(max(byteCount, 1 << 14), content.count - offset)
            #expect(block.offset == offset && block.bytes == Array(content[offset..<offset + count]), seed)
        }
        let last = RecordPointer(segment: SegmentID(first: segment), offset: UInt32(content.count - 10), byteCount: 10)
        #expect(tail.block(at: last, byteCount: 10) != nil, seed)
        let other = RecordPointer(segment: SegmentID(first: segment + 1), offset: 0, byteCount: 1)
        #expect(tail.block(at: other, byteCount: 10) == nil, seed)
    }
}
