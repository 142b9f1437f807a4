package import JSON

/// One durable record, as the log passes it to the owner of the indexes.
///
/// `line` is a slice of a buffer that the log reuses: copy what is kept longer than the call.
package struct LogEntry: Sendable {
    /// The number of the record: 1 for the first; without gaps except for records that merging has removed.
    package let sequence: UInt64
    /// The sequence of the first record of its group commit: all earlier records were durable when this one was
    /// written.
    package let batch: UInt64
    /// When it was appended; later than every record before it.
    package let at: Timestamp
    package let pointer: RecordPointer
    /// The form of the segment that it was read from.
    package let form: SegmentName.Form
    /// The whole line, including its newline.
    package let line: ArraySlice<UInt8>
    /// The range in `line` of the members that the appender composed, for example `"op":"put","id":"a1"`.
    package let members: Range<Int>
}
