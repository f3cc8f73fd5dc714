import java.io.File;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.HdrHistogram.HistogramLogWriter;

/**
 * HdrHistogram's Java library at the other end of our files.
 *
 * <p>{@code make DIR} writes java.hlog and java.hgrm, from which the golden files of the tests came;
 * {@code read FILE} prints what it reads from a log, one line per tag.
 */
public class HdrInterop {
  /** The values that hdr_files_test.cpp records as well. */
  static Histogram values(int second) {
    Histogram out = new Histogram(3_600_000_000_000L, 3);
    for (long i = 0; i < 5000; i++) {
      out.recordValue((i * i * 7919 + 12345L * second) % 50_000_000L + 100);
    }
    out.recordValueWithCount(6_000_000_000L, 3);
    return out;
  }

  static void make(String folder) throws Exception {
    Histogram whole = values(1);
    whole.add(values(2));
    try (PrintStream hgrm = new PrintStream(new File(folder, "java.hgrm"))) {
      whole.outputPercentileDistribution(hgrm, 5, 1e6);
    }
    HistogramLogWriter log = new HistogramLogWriter(new FileOutputStream(new File(folder, "java.hlog")));
    log.outputLogFormatVersion();
    log.outputStartTime(1_767_603_600_250L);
    log.setBaseTime(1_767_603_600_250L);
    log.outputBaseTime(1_767_603_600_250L);
    log.outputLegend();
    for (int second = 1; second <= 2; second++) {
      Histogram each = values(second);
      each.setStartTimeStamp(1_767_603_600_250L + 1000L * (second - 1));
      each.setEndTimeStamp(1_767_603_600_250L + 1000L * second);
      log.outputIntervalHistogram(each);
    }
    Histogram tagged = new Histogram(1000, 3_600_000_000L, 2);
    tagged.recordValue(77_777);
    tagged.setTag("other");
    tagged.setStartTimeStamp(1_767_603_600_250L);
    tagged.setEndTimeStamp(1_767_603_602_250L);
    log.outputIntervalHistogram(tagged);
    log.close();
  }

  static void read(String file) throws Exception {
    Map<String, Histogram> byTag = new TreeMap<>();
    HistogramLogReader log = new HistogramLogReader(file);
    for (EncodableHistogram next; (next = log.nextIntervalHistogram()) != null; ) {
      String tag = next.getTag() == null ? "-" : next.getTag();
      byTag.computeIfAbsent(tag, t -> new Histogram(3_600_000_000_000L, 3)).add((Histogram) next);
    }
    for (Map.Entry<String, Histogram> entry : byTag.entrySet()) {
      Histogram h = entry.getValue();
      System.out.printf(Locale.ROOT, "%s %d %d %d %d %d %d%n", entry.getKey(), h.getTotalCount(),
          h.getValueAtPercentile(50), h.getValueAtPercentile(90), h.getValueAtPercentile(99),
          h.getValueAtPercentile(99.9), h.getMaxValue());
    }
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("make")) make(arguments[1]);
    else read(arguments[1]);
  }
}
