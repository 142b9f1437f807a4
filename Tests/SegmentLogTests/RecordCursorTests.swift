internal import Disk
internal import JSON
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct RecordCursorTests {
    @Test func cursorMatchesSingleReads() async throws {
        let sealed = try await SealedLog([700, 40])
        var generator = SeededGenerator()
        for _ in 0..<50 {
            var cursor = sealed.log.log.cursor()
            for record in sealed.log.applied where Int.random(in: 0..<9, using: &generator) == 0 {
                let line = try cursor.line(record.pointer)
                #expect(line == (try sealed.log.log.read(record.pointer)), "SEED=\(SeededGenerator.runSeed)")
            }
        }
    }

    @Test func cursorAtAnInvalidPlaceThrows() async throws {
        let sealed = try await SealedLog([40])
        for record in [sealed.log.applied[3], sealed.log.applied[41]] {
            var cursor = sealed.log.log.cursor()
            _ = try cursor.line(record.pointer)
            for wrong in [
                RecordPointer(segment: record.pointer.segment, offset: record.pointer.offset + 1, byteCount: 100),
                RecordPointer(segment: record.pointer.segment, offset: record.pointer.offset, byteCount: .max),
                RecordPointer(segment: record.pointer.segment, offset: .max, byteCount: 100),
                RecordPointer(segment: record.pointer.segment, offset: record.pointer.offset, byteCount: 0),
                RecordPointer(segment: 77, offset: 0, byteCount: 100),
            ] {
                #expect(throws: StorageError.self) { try cursor.line(wrong) }
                #expect(throws: StorageError.self) { try sealed.log.log.read(wrong) }
            }
        }
    }

    @Test func pageIsReadOnce() async throws {
        let sealed = try await SealedLog([100])
        func page() throws {
            var cursor = sealed.log.log.cursor()
            for record in sealed.log.applied[80..<100] { _ = try cursor.line(record.pointer) }
        }
        try page()
        // Its frame is cached for the next reader.
        sealed.disk.fail(.pread, with: 5)
        #expect(throws: Never.self) { try page() }
    }
}

struct FrameCacheTests {
    private static func key(_ index: Int) -> FrameCache.Key { FrameCache.Key(log: 1, segment: 1, index: index) }

    @Test func sizeIsLimited() {
        let cache = FrameCache(byteCountMax: 1_000)
        for index in 0..<100 { cache.keep([UInt8](repeating: 0, count: 90 + index), as: Self.key(index)) }
        let kept = (0..<100).compactMap { cache.content(of: Self.key($0))?.count }
        #expect(kept.reduce(0, +) <= 1_000 && kept.count >= 4)
        #expect(cache.content(of: Self.key(99)) != nil)
    }

    @Test func usedFrameIsKeptLonger() {
        let cache = FrameCache(byteCountMax: 1_000)
        for index in 0..<60 {
            cache.keep([UInt8](repeating: UInt8(index), count: 100), as: Self.key(index))
            #expect(cache.content(of: Self.key(0)) == [UInt8](repeating: 0, count: 100), "\(index)")
        }
    }

    @Test func setThatFitsIsKept() {
        let cache = FrameCache(byteCountMax: 1_000)
        for index in 0..<40 { cache.keep([UInt8](repeating: 0, count: 100), as: Self.key(index)) }
        for round in 0..<3 {
            for index in 100..<105 where cache.content(of: Self.key(index)) == nil {
                #expect(round == 0, "\(index)")
                cache.keep([UInt8](repeating: 0, count: 100), as: Self.key(index))
            }
        }
    }

    @Test func frameLargerThanTheCacheIsNotCached() {
        let cache = FrameCache(byteCountMax: 1_000)
        cache.keep([1], as: Self.key(1))
        cache.keep([UInt8](repeating: 0, count: 1_001), as: Self.key(2))
        #expect(cache.content(of: Self.key(1)) == [1] && cache.content(of: Self.key(2)) == nil)
    }

    @Test func framesOfASegmentAreRemoved() {
        let cache = FrameCache(byteCountMax: 1_000)
        for log in [1, 2] {
            for first: SegmentID in [1, 2] {
                for index in 0..<4 { cache.keep([7], as: FrameCache.Key(log: log, segment: first, index: index)) }
            }
        }
        cache.forget([1], of: 1)
        for index in 0..<4 {
            #expect(cache.content(of: FrameCache.Key(log: 1, segment: 1, index: index)) == nil)
            #expect(cache.content(of: FrameCache.Key(log: 1, segment: 2, index: index)) == [7])
            #expect(cache.content(of: FrameCache.Key(log: 2, segment: 1, index: index)) == [7])
        }
    }
}
