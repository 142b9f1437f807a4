package import JSON

/// One durable record, as the log hands it to whoever keeps the indexes.
///
/// `line` is a slice of a buffer the log fills again; what is kept longer than the call is copied.
package struct LogEntry: Sendable {
    /// Number of the record: 1 for the first; gapless but for those that merging left out.
    package let sequence: UInt64
    /// Sequence of the first record of its group commit: all before that one were durable when this was written.
    package let batch: UInt64
    /// When it was appended; later than every record before it.
    package let at: Timestamp
    package let pointer: RecordPointer
    /// How its segment is kept where it was read.
    package let form: SegmentName.Form
    /// The whole line, its newline included.
    package let line: ArraySlice<UInt8>
    /// Where in `line` the members stand that the appender composed, for example `"op":"put","id":"a1"`.
    package let members: Range<Int>
}
