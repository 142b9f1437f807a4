internal import Disk
internal import JSON
internal import TestSupport
internal import Testing
internal import Zstd

@testable internal import SegmentLog

/// Damage to the file of a sealed segment is detected, and no damaged record is returned.
struct SealedDamageTests {
    /// Reads every record by its pointer: each must be returned as written, or throw corruption.
    private static func expectNothingWrong(_ sealed: SealedLog, on disk: FaultDisk, _ note: Comment) {
        guard let log = result({ try OpenedLog(on: disk, SealedLog.options).log }, note) else { return }
        for record in sealed.log.applied {
            guard let line = result({ try log.read(record.pointer) }, note) else { continue }
            #expect(String(decoding: line, as: UTF8.self).contains(record.members), note)
        }
    }

    /// Returns the result of `body`, or nil if it throws corruption.
    private static func result<Value>(_ body: () throws -> Value, _ note: Comment) -> Value? {
        do {
            return try body()
        } catch {
            if case .corrupt = error as? StorageError { return nil }
            Issue.record("\(note): \(error)")
            return nil
        }
    }

    /// A few bits of a frame are ignored by decoders; if one of them is flipped, the content is unchanged.
    @Test func everyFlippedBitIsDetectedOrHarmless() async throws {
        let sealed = try await SealedLog([6])
        let path = sealed.path(1)
        let byteCount = try #require(sealed.disk.bytes(of: path)).count
        var harmlessCount = 0
        for bit in 0..<byteCount * 8 {
            let disk = sealed.disk.copy()
            try disk.flipBit(bit, of: path)
            let found = try Findings(on: disk)
            let isHarmless = found.violations.isEmpty && found.sequences == Array(1...8)
            harmlessCount += isHarmless ? 1 : 0
            #expect(isHarmless || found.violations.contains { $0.path == path }, "bit \(bit)")
            if bit % 3 == 0 { Self.expectNothingWrong(sealed, on: disk, "bit \(bit)") }
        }
        #expect(harmlessCount < 20)
    }

    /// Reads with a damaged table would report undamaged frames.
    @Test func damagedSeekTableIsReported() async throws {
        let sealed = try await SealedLog([6])
        let path = sealed.path(1)
        let byteCount = try #require(sealed.disk.bytes(of: path)).count
        let manifest = try Manifest.open(try #require(sealed.disk.bytes(of: "clients/manifest.json")), name: "clients")
        let frameCount = try #require(manifest.closed[0].sealed).frameCount
        for bit in (byteCount - SeekTable.byteCount(frameCount: frameCount)) * 8..<byteCount * 8 {
            let disk = sealed.disk.copy()
            try disk.flipBit(bit, of: path)
            let reasons = try Findings(on: disk).violations.filter { $0.path == path }.map(\.reason)
            #expect(reasons == [.damagedSeekTable], "bit \(bit)")
        }
    }

    @Test func everyTruncationStopsOpening() async throws {
        let sealed = try await SealedLog([6])
        let path = sealed.path(1)
        let bytes = try #require(sealed.disk.bytes(of: path))
        for count in bytes.indices {
            let disk = sealed.disk.copy()
            try disk.replaceBytes(of: path, with: Array(bytes.prefix(count)))
            #expect(try !Findings(on: disk).violations.isEmpty, "\(count)")
            #expect(throws: StorageError.self, "\(count)") { try OpenedLog(on: disk, SealedLog.options) }
        }
    }

    /// Each frame verifies by itself, but in another frame's place, its lines do not.
    @Test func swappedFramesAreDetected() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, SealedLog.options)
        for id in 0..<400 { try await log.append("\(1000 + id)", byteCount: 100) }
        try await log.log.sealAll()
        let path = "clients/\(SegmentName.make(1, .sealed))"
        let bytes = try #require(disk.bytes(of: path))
        let manifest = try Manifest.open(try #require(disk.bytes(of: "clients/manifest.json")), name: "clients")
        let file = try SealedFile(manifest.closed[0], directory: "clients", FrameCache().contexts, on: disk)
        #expect(file.frameCount > 2)
        // Both frames undamaged but swapped; then those of another log in their place.
        let sizes = try (0..<2).map { try #require(Self.storedByteCount(ofFrame: $0, in: bytes)) }
        let swapped = bytes[sizes[0]..<sizes[0] + sizes[1]] + bytes[..<sizes[0]] + bytes[(sizes[0] + sizes[1])...]
        try disk.replaceBytes(of: path, with: Array(swapped))
        #expect(try Findings(on: disk).violations.count >= 2)
        for record in log.applied.prefix(300) where record.pointer.offset < file.offset(ofFrame: 2) {
            #expect(throws: StorageError.self) { try log.log.read(record.pointer) }
        }
    }

    /// A forged table may verify, but its sums must match the manifest.
    @Test func overflowingLengthsAreDamage() async throws {
        let sealed = try await SealedLog([200])
        var manifest = try Manifest.open(try #require(sealed.disk.bytes(of: "clients/manifest.json")), name: "clients")
        let entry = try #require(manifest.closed[0].sealed)
        try sealed.disk.damage(sealed.path(1)) { bytes in
            let table = SeekTable(parsing: Array(bytes.suffix(SeekTable.byteCount(frameCount: entry.frameCount))))
            guard var table, table.frames.count > 1 else { return }
            table.frames[0].contentByteCount &-= 1 << 31
            table.frames[1].contentByteCount &+= 1 << 31
            bytes.replaceSubrange((bytes.count - table.bytes.count)..., with: table.bytes)
            manifest.closed[0].sealed?.tableChecksum = XXH3.hash64(table.entryBytes)
        }
        #expect(manifest.closed[0].sealed != entry)
        #expect(throws: StorageError.self) {
            try SealedFile(manifest.closed[0], directory: "clients", FrameCache().contexts, on: sealed.disk)
        }
    }

    /// Retention and queries use the times of the manifest.
    @Test func wrongTimesAreFound() async throws {
        let sealed = try await SealedLog([3])
        let intact = try Manifest.open(try #require(sealed.disk.bytes(of: "clients/manifest.json")), name: "clients")
        let changes: [(inout Manifest.Sealed) -> Void] = [
            { $0.firstAt = Timestamp(microseconds: 7) }, { $0.lastAt = Timestamp(microseconds: 7) },
        ]
        for change in changes {
            var manifest = intact
            if var entry = manifest.closed[0].sealed {
                change(&entry)
                manifest.closed[0].sealed = entry
            }
            try sealed.disk.replaceBytes(of: "clients/manifest.json", with: manifest.bytes)
            #expect(try Findings(on: sealed.disk).violations.map(\.reason) == [.wrongTimes])
        }
    }

    /// Returns the length of a frame by the table at the end of a file.
    private static func storedByteCount(ofFrame index: Int, in bytes: [UInt8]) -> Int? {
        guard let count = SeekTable.frameCount(footer: Array(bytes.suffix(SeekTable.footerByteCount))) else {
            return nil
        }
        let table = Array(bytes.suffix(SeekTable.byteCount(frameCount: count)))
        return SeekTable(parsing: table).map { Int($0.frames[index].storedByteCount) }
    }

    @Test func framesAfterADamagedOneAreRead() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, SealedLog.options)
        for id in 0..<800 { try await log.append("\(1000 + id)", byteCount: 100) }
        try await log.log.sealAll()
        let path = "clients/\(SegmentName.make(1, .sealed))"
        try disk.flipBit(8 * 60, of: path)
        let found = try Findings(on: disk)
        #expect(found.violations.map(\.reason) == [.damagedFrame(at: 0)])
        #expect(found.sequences.count > 700 && found.sequences.count < 800 && found.sequences.last == 800)
        // A reader verifies its line, not the frame: lines of the damaged frame are complete, or refused.
        var refusedCount = 0
        for record in log.applied {
            guard let line = Self.result({ try log.log.read(record.pointer) }, "\(record.sequence)") else {
                refusedCount += 1
                #expect(!found.sequences.contains(record.sequence))
                continue
            }
            #expect(String(decoding: line, as: UTF8.self).contains(record.members))
        }
        #expect(refusedCount > 0)
    }

    @Test func missingSealedSegmentStopsOpening() async throws {
        let sealed = try await SealedLog([3, 3])
        try sealed.disk.remove(sealed.path(4))
        let corruption = Corruption(path: sealed.path(4), offset: 0, sequence: 4, reason: .missingSegment)
        #expect(throws: StorageError.corrupt(corruption)) { try OpenedLog(on: sealed.disk, SealedLog.options) }
    }
}
