// Integer multiply-accumulate, the baseline beside posit_mac: sum += a * b, two's complement.
//
//   | guard: copies of the sign come in | A_N + N bits, as many as a product |      accumulator
//
// Parameters  N          4..16, bits of b_i
//             A_N        4..16, bits of a_i (default: N)
//             ACC_WIDTH  bits of the sum, at least A_N + N; it wraps, as MACs of integer accelerators do
//             PIPELINE   0..3 register stages before the accumulator:
//                        1: behind the multiplier; 2: and behind the operands;
//                        3: and inside the multiplier, behind its two half products
// Ports       as posit_mac, without NaR
// Latency     PIPELINE + 1 cycles from a pair to acc_o; one pair each cycle.
//
// Holding costs no multiplexers, as in posit_mac: without a new pair the product is zero. Without
// stages, product and sum are one carry-save tree: the accumulator is one more row of the multiplier.
// Its guard bits do not take part; they count up or down by one.

module int_mac #(
    parameter int N = 8,
    parameter int A_N = N,
    parameter int ACC_WIDTH = 32,
    parameter int PIPELINE = 0
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 valid_i,
    output logic                 ready_o,
    input  logic                 clear_i,
    input  logic                 last_i,
    input  logic [A_N-1:0]       a_i,
    input  logic [N-1:0]         b_i,
    output logic                 valid_o,
    input  logic                 ready_i,
    output logic [ACC_WIDTH-1:0] acc_o
);

  localparam int Product = A_N + N;
  localparam int Half = N / 2;  // bits of the lower half of b
  localparam int Low = A_N + Half;
  localparam int High = Product - Half;
  localparam int Guard = ACC_WIDTH - Product;

  generate
    if (N < 4 || N > 16) begin : g_bad_n
      $error("int_mac: N must be 4..16");
    end
    if (A_N < 4 || A_N > 16) begin : g_bad_a_n
      $error("int_mac: A_N must be 4..16");
    end
    if (Guard < 0) begin : g_bad_width
      $error("int_mac: ACC_WIDTH must be at least A_N + N");
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
  logic [A_N-1:0] a;
  logic [N-1:0] b;
  posit_stage #(.WIDTH(2 + Product), .RESET(2 + A_N), .PRESENT((PIPELINE >= 2) ? 1 : 0)) u_operands (
      .clk_i, .rst_i, .advance_i(advance),
      .data_i({clear_i & take, last_i & take, a_i & {A_N{take}}, b_i}), .data_o({clear, last, a, b}));

  // ---- what stays of the sum
  logic p_clear, p_last, use_it, keep;
  logic [ACC_WIDTH-1:0] acc_q, acc_d, kept;
  assign keep = ~((p_clear & use_it) | rst_i);
  assign kept = acc_q & {ACC_WIDTH{keep}};

  // ---- multiply and add: the low bits of the sum, and whether the guard bits change
  logic negative, change;
  generate
    if (PIPELINE == 0) begin : g_fused
      logic [Product:0] sum;
      assign use_it = 1'b1;
      assign {p_clear, p_last} = {clear, last};
      int_multiply #(.A(A_N), .B(N), .WIDTH(Product + 1)) u_multiply (
          .a_i(a), .b_i(b), .addend_i({1'b0, kept[Product-1:0]}), .sum_o(sum));
      assign acc_d[Product-1:0] = sum[Product-1:0];
      assign negative = (a[A_N-1] ^ b[N-1]) & (|a) & (|b);  // of the product, long before it is there
      assign change = sum[Product];                         // its carry, minus its sign
    end else begin : g_staged
      logic m_clear, m_last, carry;
      logic [Product-1:0] product, p_product, addend;
      if (PIPELINE >= 3) begin : g_halves
        logic [Low-1:0] low, m_low;
        logic [High-1:0] high, m_high;
        int_multiply #(.A(A_N), .B(Half), .B_SIGNED(0)) u_low (
            .a_i(a), .b_i(b[Half-1:0]), .addend_i('0), .sum_o(low));
        int_multiply #(.A(A_N), .B(N - Half)) u_high (
            .a_i(a), .b_i(b[N-1:Half]), .addend_i('0), .sum_o(high));
        posit_stage #(.WIDTH(2 + Low + High), .RESET(2 + Low + High), .PRESENT(1)) u_halves (
            .clk_i, .rst_i, .advance_i(advance),
            .data_i({clear, last, low, high}), .data_o({m_clear, m_last, m_low, m_high}));
        assign product = {{(Product - Low) {m_low[Low-1]}}, m_low} + {m_high, {Half{1'b0}}};
      end else begin : g_whole
        assign {m_clear, m_last} = {clear, last};
        int_multiply #(.A(A_N), .B(N)) u_multiply (
            .a_i(a), .b_i(b), .addend_i('0), .sum_o(product));
      end
      posit_stage #(.WIDTH(2 + Product), .RESET(2 + Product), .PRESENT(1)) u_product (
          .clk_i, .rst_i, .advance_i(advance),
          .data_i({m_clear, m_last, product}), .data_o({p_clear, p_last, p_product}));
      assign use_it = advance & ~rst_i;
      assign addend = p_product & {Product{use_it}};
      assign {carry, acc_d[Product-1:0]} = {1'b0, kept[Product-1:0]} + {1'b0, addend};
      assign negative = addend[Product-1];
      assign change = carry ^ negative;
    end

    // ---- guard bits: +1 with a carry, -1 with a sign, nothing with both. Bit i changes when all
    // guard bits below it are ones (+1), or zeros (-1).
    if (Guard > 0) begin : g_guard
      logic [Guard-1:0] passes, all_below;
      assign passes = kept[ACC_WIDTH-1:Product] ^ {Guard{negative}};
      always_comb begin
        for (int i = 0; i < Guard; i++) begin
          all_below[i] = 1'b1;
          for (int j = 0; j < i; j++) all_below[i] = all_below[i] & passes[j];
        end
      end
      assign acc_d[ACC_WIDTH-1:Product] =
          kept[ACC_WIDTH-1:Product] ^ (all_below & {Guard{change}});
    end else begin : g_no_guard
      logic unused;
      assign unused = negative ^ change;
    end
  endgenerate

  always_ff @(posedge clk_i) begin
    acc_q <= acc_d;
    valid_o <= ~rst_i & (advance ? p_last : valid_o);
  end
  assign acc_o = acc_q;

endmodule
