// Integer multiply-accumulate, the baseline beside posit_mac: sum += a * b, two's complement.
//
// Parameters  N          4..16, bits of both operands
//             ACC_WIDTH  bits of the sum; it wraps, as MACs of integer accelerators do
//             PIPELINE   0..3 register stages before the accumulator:
//                        1: behind the multiplier; 2: and behind the operands;
//                        3: and inside the multiplier, behind its two half products
// Ports       as posit_mac, without NaR
// Latency     PIPELINE + 1 cycles from a pair to acc_o; one pair each cycle.
//
// Holding costs no multiplexers, as in posit_mac: without a new pair the product is zero. Without
// stages, product and sum are one carry-save tree: the accumulator is one more row of the multiplier.

module int_mac #(
    parameter int N = 8,
    parameter int ACC_WIDTH = 32,
    parameter int PIPELINE = 0
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 valid_i,
    output logic                 ready_o,
    input  logic                 clear_i,
    input  logic                 last_i,
    input  logic [N-1:0]         a_i,
    input  logic [N-1:0]         b_i,
    output logic                 valid_o,
    input  logic                 ready_i,
    output logic [ACC_WIDTH-1:0] acc_o
);

  localparam int Half = N / 2;       // bits of the lower half of b
  localparam int Low = N + Half + 1;  // a * lower half, whose top bit is no sign
  localparam int High = 2 * N - Half;

  generate
    if (N < 4 || N > 16) begin : g_bad_n
      $error("int_mac: N must be 4..16");
    end
    if (ACC_WIDTH < 2 * N) begin : g_bad_width
      $error("int_mac: ACC_WIDTH must be at least 2*N");
    end
    if (PIPELINE < 0 || PIPELINE > 3) begin : g_bad_pipeline
      $error("int_mac: PIPELINE must be 0..3");
    end
  endgenerate

  logic advance;
  assign advance = ~valid_o | ready_i;
  assign ready_o = advance;

  // ---- operands. Without a valid pair, a reads as zero.
  logic take;
  generate
    if (PIPELINE == 0) begin : g_gate
      assign take = valid_i & advance & ~rst_i;
    end else begin : g_valid
      assign take = valid_i;
    end
  endgenerate
  logic clear, last;
  logic signed [N-1:0] a, b;
  posit_stage #(.WIDTH(2 + 2 * N), .RESET(2 + N), .PRESENT((PIPELINE >= 2) ? 1 : 0)) u_operands (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({clear_i & take, last_i & take, a_i & {N{take}}, b_i}), .data_o({clear, last, a, b}));

  // ---- multiply; p_* enter the accumulator
  logic p_clear, p_last;
  logic signed [2*N-1:0] product, p_product;
  logic m_clear, m_last;
  generate
    if (PIPELINE >= 3) begin : g_halves
      logic signed [Low-1:0] low, m_low;
      logic signed [High-1:0] high, m_high;
      assign low = a * $signed({1'b0, b[Half-1:0]});
      assign high = a * $signed(b[N-1:Half]);
      posit_stage #(.WIDTH(2 + Low + High), .RESET(2 + Low + High), .PRESENT(1)) u_halves (
          .clk_i, .rst_i, .advance_i(advance),
          .data_i({clear, last, low, high}), .data_o({m_clear, m_last, m_low, m_high}));
      assign product = (2 * N)'(m_low) + $signed({m_high, {Half{1'b0}}});
    end else begin : g_whole
      assign {m_clear, m_last} = {clear, last};
      assign product = a * b;
    end
  endgenerate
  posit_stage #(.WIDTH(2 + 2 * N), .RESET(2 + 2 * N), .PRESENT((PIPELINE >= 1) ? 1 : 0)) u_product (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({m_clear, m_last, product}), .data_o({p_clear, p_last, p_product}));

  // ---- accumulate
  logic use_it, keep;
  logic signed [2*N-1:0] addend;
  logic signed [ACC_WIDTH-1:0] acc_q;
  generate
    if (PIPELINE == 0) begin : g_gated
      assign use_it = 1'b1;
      assign addend = p_product;
    end else begin : g_ungated
      assign use_it = advance & ~rst_i;
      assign addend = p_product & {(2 * N) {use_it}};
    end
  endgenerate
  assign keep = ~((p_clear & use_it) | rst_i);

  always_ff @(posedge clk_i) begin
    acc_q <= (acc_q & {ACC_WIDTH{keep}}) + ACC_WIDTH'(addend);
    valid_o <= ~rst_i & (advance ? p_last : valid_o);
  end
  assign acc_o = acc_q;

endmodule
