internal import Disk
internal import TestSupport

@testable internal import SegmentLog

private let samples = [LogSample.plain(closing: true), LogSample.plain(closing: false)]

/// Damages a file of a log: opening must return acknowledged records, from the first one without a gap, or report the
/// damage; all records if the log was closed.
///
/// A recovered log must open again. If checksums were corrected, reads must stay within bounds.
func fuzzSegmentRecovery(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let sample = input.element(of: samples)
    let disk = sample.disk.copy()
    let path = input.element(of: sample.paths)
    let isForged = input.number(below: 3) == 2
    if input.number(below: 16) == 15 {
        must("a file is removed") { try disk.remove(path) }
    } else {
        must("a file is damaged") {
            try disk.damage(path) { bytes in
                bytes.edit(by: &input)
                if isForged { bytes = Checksums.corrected(bytes, ofLogFile: path) }
            }
        }
    }
    let findings = LogFindings(disk)
    let contents: LogContents
    do throws(StorageError) { contents = try LogContents(disk) } catch {
        guard case .corrupt = error else { fatalError("a disk in memory works: \(error)") }
        must(!findings.violations.isEmpty, "what does not open is found by the check: \(error)")
        return
    }
    must(findings.violations.isEmpty, "what opens has no violation: \(findings.violations)")
    must(findings.sequences == contents.records.map(\.sequence), "the check finds what opening applies")
    must(disk.violations.isEmpty, "\(disk.violations)")
    if !isForged {
        must(sample.records.starts(with: contents.records), "only written records are returned, without a gap")
        must(!sample.isClosed || contents.records.count == sample.records.count, "nothing acknowledged is lost")
    }
    var cursor = contents.log.cursor()
    for record in contents.records {
        must(contents.record(at: record.pointer, of: &cursor) != nil, "what was applied can be read")
    }
    let again = must("what was recovered opens again") { try LogContents(disk.copy()) }
    must(again.records == contents.records, "recovery is done once")
}
