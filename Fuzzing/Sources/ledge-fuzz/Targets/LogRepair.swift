internal import Disk
internal import JSON
internal import TestSupport

@testable internal import SegmentLog

private let samples = [LogSample.sealed(), LogSample.plain(closing: true), LogSample.plain(closing: false)]

/// Damages files of a log: opened or repaired, it must contain only written records, in order.
///
/// A repaired log must pass the check, need no second repair, and contain every record of the undamaged files. If
/// checksums were corrected, reads must stay within bounds.
func fuzzLogRepair(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let sample = input.element(of: samples)
    let disk = sample.disk.copy()
    var isForged = false
    var touched: Set<String> = []
    for _ in 0..<(1 + input.number(below: 3)) {
        let path = input.element(of: sample.paths)
        guard disk.bytes(of: path) != nil else { continue }
        touched.insert(path)
        let forges = input.number(below: 4) == 3
        isForged = isForged || forges
        if input.number(below: 16) == 15 {
            must("a file is removed") { try disk.remove(path) }
        } else {
            must("a file is damaged") {
                try disk.damage(path) { bytes in
                    bytes.edit(by: &input)
                    if forges { bytes = Checksums.corrected(bytes, ofLogFile: path) }
                }
            }
        }
    }
    openDamaged(disk.copy(), sample, isForged)
    let repair: LogRepair
    do throws(StorageError) {
        repair = try LogRepair(log: LogSample.name, directory: LogSample.directory, on: disk)
        try repair.apply()
    } catch {
        guard case .corrupt(let corruption) = error, case .unsupportedFormat = corruption.reason else {
            fatalError("a disk in memory works: \(error)")
        }
        return
    }
    let findings = LogFindings(disk)
    // Forged lines may contradict each other in ways that no damage causes.
    guard !isForged else { return }
    must(findings.violations.isEmpty, "what was repaired has no flaw: \(findings.violations)")
    let contents = must("what was repaired opens") { try LogContents(disk.copy()) }
    must(contents.corruptions.isEmpty, "every record of it can be read")
    must(contents.records.map(\.sequence) == findings.sequences, "the check finds what opening applies")
    must(isPart(contents.records, of: sample.records), "only what was written is left, in order")
    let left = Set(contents.records.map(\.sequence))
    for record in sample.records where !left.contains(record.sequence) {
        let files = [SegmentName.Form.plain, .sealed].filter { $0 == .sealed || record.pointer.segment.generation == 0 }
            .map { "\(LogSample.directory)/\(SegmentName.make(record.pointer.segment, $0))" }
        must(
            files.contains(where: touched.contains),
            "record \(record.sequence) of a file that was not touched is there"
        )
    }
    let again = must("it is planned again") {
        try LogRepair(log: LogSample.name, directory: LogSample.directory, on: disk)
    }
    must(again.steps.isEmpty, "repairing is done once: \(again.steps)")
}

private func openDamaged(_ disk: FaultDisk, _ sample: LogSample, _ isForged: Bool) {
    var options = LogSample.options
    options.opensDamaged = true
    let applied = Ledger<[LogSample.Record]>([])
    do throws(StorageError) {
        _ = try SegmentLog.open(options, on: disk) { entry in applied.enter { $0.append(LogSample.Record(entry)) } }
    } catch {
        guard case .corrupt = error else { fatalError("a disk in memory works: \(error)") }
        return
    }
    if !isForged { must(isPart(applied.entries, of: sample.records), "only what was written is applied, in order") }
}

/// Returns whether records are a subsequence of others; their positions may differ.
private func isPart(_ part: [LogSample.Record], of whole: [LogSample.Record]) -> Bool {
    var rest = whole[...]
    for record in part {
        guard let place = rest.firstIndex(where: { $0.sequence == record.sequence }) else { return false }
        guard rest[place].at == record.at, rest[place].members == record.members else { return false }
        rest = rest[(place + 1)...]
    }
    return true
}
