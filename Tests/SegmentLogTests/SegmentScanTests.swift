internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct SegmentScanTests {
    /// Seven records in the batches 1–2, 3, 4–6 and 7.
    static let segment = SegmentText(batchSizes: [2, 1, 3, 1])

    /// Returns the findings in an active segment with these bytes, of which some are durable by the manifest.
    func findActive(_ bytes: [UInt8], durable durableByteCount: Int = 0) throws -> Findings {
        let disk = FaultDisk()
        try disk.put(bytes, at: Self.segment.path)
        let active = Manifest.Active(first: Self.segment.first, byteCount: Int64(durableByteCount))
        return try Findings(SegmentScan(.active(active), OpenedLog.options(), on: disk))
    }

    /// Returns the findings in a closed segment with these bytes.
    func findClosed(_ bytes: [UInt8], _ closed: Manifest.Closed = segment.closed) throws -> Findings {
        let disk = FaultDisk()
        try disk.put(bytes, at: Self.segment.path)
        return try Findings(SegmentScan(.closed(closed), OpenedLog.options(), on: disk))
    }

    @Test func everyRecordIsFound() throws {
        for findings in [try findActive(Self.segment.bytes), try findClosed(Self.segment.bytes)] {
            #expect(findings.sequences == Array(1...7))
            #expect(findings.violations.isEmpty && findings.tornTails.isEmpty)
        }
    }

    @Test func entryContainsItsPlace() throws {
        let disk = FaultDisk()
        try disk.put([Self.segment])
        var scan = try SegmentScan(.active(Manifest.Active(first: 1, byteCount: 0)), OpenedLog.options(), on: disk)
        for (index, offset) in Self.segment.offsets.enumerated() {
            let finding = try scan.next()
            guard case .entry(let entry) = finding else {
                Issue.record("\(String(describing: finding))")
                continue
            }
            #expect(entry.sequence == UInt64(index + 1))
            #expect(entry.batch == [1, 1, 3, 4, 4, 4, 7][index])
            #expect(entry.pointer.segment == 1 && entry.pointer.offset == offset)
            #expect(entry.line.count == Int(entry.pointer.byteCount))
            let members = String(decoding: entry.line[entry.members], as: UTF8.self)
            #expect(members == #""op":"put","id":"a\#(index + 1)","doc":{"n": \#(index + 1)}"#)
        }
    }

    /// If a crash truncates the file, the complete records before the cut are found, and the rest is a torn tail.
    @Test func everyTruncationKeepsTheCompleteRecords() throws {
        for count in 0..<Self.segment.bytes.count {
            let findings = try findActive(Array(Self.segment.bytes.prefix(count)))
            let ends = Self.segment.offsets.dropFirst().filter { $0 <= count }
            let end = ends.last ?? 0
            #expect(findings.sequences.count == ends.count, "\(count)")
            #expect(findings.violations.isEmpty, "\(count)")
            let tail = TornTail(path: Self.segment.path, offset: Int64(end), byteCount: Int64(count - end))
            #expect(findings.tornTails == (count == end ? [] : [tail]), "\(count)")
        }
    }

    /// The same file, but all of it is durable by the manifest.
    @Test func everyTruncationOfDurableBytesIsCorruption() throws {
        for count in 0..<Self.segment.bytes.count {
            let bytes = Array(Self.segment.bytes.prefix(count))
            let active = try findActive(bytes, durable: Self.segment.bytes.count)
            #expect(active.tornTails.isEmpty && active.violations.count == 1, "\(count)")
            let closed = try findClosed(bytes)
            #expect(closed.tornTails.isEmpty && !closed.violations.isEmpty, "\(count)")
        }
    }

    /// A flipped bit is never taken for the effect of a crash, even if no byte is durable by the manifest.
    @Test func everyFlippedBitIsCorruption() throws {
        for bit in 0..<Self.segment.bytes.count * 8 {
            var bytes = Self.segment.bytes
            bytes[bit / 8] ^= 1 << (bit % 8)
            let line = Self.segment.offsets.lastIndex { $0 <= bit / 8 } ?? 0
            for findings in [try findActive(bytes), try findClosed(bytes)] {
                #expect(findings.tornTails.isEmpty && findings.violations.count == 1, "bit \(bit)")
                #expect(findings.violations.first?.sequence == UInt64(line + 1), "bit \(bit)")
                #expect(findings.violations.first?.offset == Int64(Self.segment.offsets[line]), "bit \(bit)")
                #expect(findings.violations.first?.path == Self.segment.path, "bit \(bit)")
                // A lost newline also loses the next line.
                #expect(findings.sequences.count >= 5, "bit \(bit)")
            }
        }
    }

    /// A file system may extend a file before its bytes are written.
    @Test func everyTailOfZerosIsTorn() throws {
        for count in Self.segment.offsets[3]..<Self.segment.bytes.count {
            let zeros = [UInt8](repeating: 0, count: Self.segment.bytes.count - count + 4_096)
            let findings = try findActive(Self.segment.bytes.prefix(count) + zeros)
            let whole = Self.segment.offsets.dropFirst().filter { $0 <= count }
            #expect(findings.sequences.count == whole.count, "\(count)")
            #expect(findings.violations.isEmpty && findings.tornTails.count == 1, "\(count)")
        }
    }

    /// One group of 40 records has lost one of its sectors: the records before it are kept, the rest is cut off.
    @Test func everyLostSectorOfTheLastGroupIsTorn() throws {
        let segment = SegmentText(batchSizes: [3, 40])
        let durable = segment.offsets[3]
        for sector in durable / 512...(segment.bytes.count - 1) / 512 {
            let lost = max(durable, sector * 512)..<min(segment.bytes.count, (sector + 1) * 512)
            var bytes = segment.bytes
            bytes.replaceSubrange(lost, with: repeatElement(0, count: lost.count))
            let findings = try findActive(bytes)
            let firstLost = segment.offsets.lastIndex { $0 <= lost.lowerBound } ?? 0
            #expect(findings.sequences == Array(1..<UInt64(firstLost + 1)), "sector \(sector)")
            #expect(findings.violations.isEmpty && findings.tornTails.count == 1, "sector \(sector)")
        }
    }

    /// The same, but followed by one line of a later group, and the newline before that line is lost too.
    @Test func lostSectorBeforeALaterGroupIsCorruption() throws {
        var segment = SegmentText(batchSizes: [3, 40])
        let end = segment.bytes.count
        segment.add()
        for lost in [1_024..<1_536, end - 700..<end] {
            var bytes = segment.bytes
            bytes.replaceSubrange(lost, with: repeatElement(0, count: lost.count))
            let findings = try findActive(bytes)
            #expect(findings.tornTails.isEmpty && !findings.violations.isEmpty, "\(lost)")
            #expect(findings.sequences.prefix(3) == [1, 2, 3], "\(lost)")
        }
    }

    /// The checksum of the line determines the flipped bit.
    @Test func flippedBitDoesNotHideItsRecord() throws {
        var bytes = Self.segment.bytes
        for line in [1, 2, 5] { bytes[Self.segment.offsets[line] + 70] ^= 1 }
        let findings = try findActive(bytes)
        #expect(findings.sequences == [1, 2, 3, 4, 5, 6, 7])
        #expect(findings.violations.map(\.sequence) == [2, 3, 6])
        #expect(
            findings.violations.map(\.reason)
                == [1, 2, 5].map { .flippedBit(at: Int64(Self.segment.offsets[$0] + 70)) }
        )
    }

    @Test func violationsDoNotHideLaterRecords() throws {
        var bytes = Self.segment.bytes
        for line in [1, 2, 5] { bytes[Self.segment.offsets[line] + 70] ^= 3 }
        let findings = try findActive(bytes)
        #expect(findings.sequences == [1, 4, 5, 7])
        #expect(findings.violations.map(\.sequence) == [2, 3, 6])
        #expect(findings.violations.allSatisfy { $0.reason == .checksumMismatch })
    }

    @Test func tornTailAfterDamageIsStillTorn() throws {
        var bytes = Array(Self.segment.bytes.dropLast(9))
        bytes[Self.segment.offsets[1] + 70] ^= 1
        let findings = try findActive(bytes)
        #expect(findings.violations.map(\.sequence) == [2])
        #expect(findings.tornTails.map(\.offset) == [Int64(Self.segment.offsets[6])])
    }

    @Test func recordsOutOfOrderAreCorruption() throws {
        var segment = SegmentText(batchSizes: [2])
        segment.add(sequence: 5)
        segment.add()
        let findings = try findActive(segment.bytes)
        #expect(findings.violations.map(\.reason) == [.outOfOrder(expected: 3, found: 5)])
        #expect(findings.sequences == [1, 2, 6])
    }

    @Test func inconsistentBatchIsMalformed() throws {
        var segment = SegmentText(batchSizes: [2])
        segment.add(batch: 2)
        #expect(try findActive(segment.bytes).violations.map(\.reason) == [.malformed])
    }

    @Test func timeThatDoesNotIncreaseIsMalformed() throws {
        var segment = SegmentText()
        segment.add(at: 1_000)
        segment.add(at: 1_000)
        #expect(try findActive(segment.bytes).violations.map(\.reason) == [.malformed])
    }

    @Test func closedSegmentOfAnotherLengthIsCorruption() throws {
        let longer = try findClosed(Self.segment.bytes + Array("x".utf8))
        let count = Int64(Self.segment.bytes.count)
        #expect(longer.violations.map(\.reason) == [.wrongByteCount(expected: count, found: count + 1)])
    }

    @Test func closedSegmentWithFewerRecordsIsCorruption() throws {
        var closed = Self.segment.closed
        closed.last = 8
        let findings = try findClosed(Self.segment.bytes, closed)
        #expect(findings.violations.map(\.reason) == [.wrongLastSequence(expected: 8, found: 7)])
    }

    /// All records verify, but the file is not the one that was closed, for example an older copy.
    @Test func replacedClosedSegmentIsCorruption() throws {
        var other = SegmentText(batchSizes: [2, 1, 3])
        other.add(members: #""op":"put","id":"b7","doc":{"n": 7}"#)
        let findings = try findClosed(other.bytes)
        #expect(findings.sequences == Array(1...7))
        #expect(findings.violations.map(\.reason) == [.fileChecksumMismatch])
    }

    @Test func overlongLineIsCorruption() throws {
        let garbage = [UInt8](repeating: 97, count: RecordLine.byteCountMax + 1)
        let findings = try findActive(Self.segment.bytes + garbage)
        #expect(findings.sequences == Array(1...7))
        #expect(findings.violations.first?.offset == Int64(Self.segment.bytes.count))
    }
}
